// Meshes and graphs, where no document is needed for them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { graphTree, turned } from "../../../tbtools/render/report/assets/structures.js";
import { linearBelow, symmetricLog, symmetricTicks } from "../../../tbtools/render/report/assets/scale.js";

test("a quarter turn brings what is at the right to the back", () => {
  const bounds = { centre: [0, 0, 0], radius: 2 };
  const near = (a, b) => a.forEach((each, i) => assert.ok(Math.abs(each - b[i]) < 1e-6, `${a} ${b}`));
  near(Array.from(turned([2, 0, 0], bounds, 0, 0)), [1, 0, 0]);
  near(Array.from(turned([2, 0, 0], bounds, Math.PI / 2, 0)), [0, 0, -1]);
  near(Array.from(turned([0, 2, 0], bounds, 0, Math.PI / 2)), [0, 0, 1]);
});

test("nodes stand below their scopes", () => {
  const tree = graphTree([
    ["a/b/c", "Add", ""],
    ["a/b/d", "Mul", ""],
    ["a", "Input", ""],
  ]);
  assert.equal(tree.count, 3);
  const a = tree.children.get("a");
  assert.deepEqual([a.count, a.node[1], [...a.children.get("b").children.keys()]], [3, "Input", ["c", "d"]]);
});

test("a symmetric logarithmic axis is a line near zero and goes there and back", () => {
  const scale = symmetricLog(10);
  for (const value of [-1e6, -3, 0, 0.5, 1e4])
    assert.ok(Math.abs(scale.from(scale.to(value)) - value) < 1e-6 * (1 + Math.abs(value)));
  assert.equal(scale.to(90), 1);
  assert.deepEqual(
    symmetricTicks(scale, [scale.to(-1000), scale.to(1000)]).sort((a, b) => a - b),
    [-1000, -100, -10, 0, 10, 100, 1000],
  );
  assert.equal(
    linearBelow([
      [1e-9, 0, NaN, 5, -500],
      [7, 8, 9, 100],
    ]),
    1e-4,
  );
  assert.equal(linearBelow([Array.from({ length: 20 }, (_, i) => 0.5 + i)]), 1);
  assert.equal(linearBelow([[0, 0]]), 1);
});

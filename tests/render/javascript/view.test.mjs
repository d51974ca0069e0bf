// Where charts end at first.

import assert from "node:assert/strict";
import { test } from "node:test";

import { endOfMost, firstView } from "../../../tbtools/render/report/assets/view.js";

const short = (count) => Array.from({ length: count }, (_, i) => [0, 100 + i]);

test("a few that go on much longer do not squeeze the others", () => {
  assert.equal(endOfMost([...short(18), [0, 5000], [0, 9000]], 5), 117);
});

test("what is no more than some times as long is shown", () => {
  assert.equal(endOfMost([...short(19), [0, 500]], 5), null);
});

test("more than one in ten are no exception", () => {
  assert.equal(endOfMost([...short(17), [0, 5000], [0, 5000], [0, 9000]], 5), null);
});

test("of few runs none is one among many", () => {
  assert.equal(endOfMost([...short(8), [0, 5000]], 5), null);
});

test("runs of a single step have no view", () => {
  assert.equal(endOfMost([...Array(19).fill([0, 0]), [0, 5000]], 5), null);
});

test("the view says how many go on, and how far; wall times have none", () => {
  const lines = [...short(18), [0, 5000], [0, 9000]].map((x) => ({ x }));
  const view = firstView(lines, { x: "step" }, { squeezed: 5 });
  assert.deepEqual([view.runs, view.last], [2, 9000]);
  assert.equal(firstView(lines, { x: "wall" }, { squeezed: 5 }), null);
});

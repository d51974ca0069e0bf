// What is given to Plotly, where no document is needed for it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { bandTrace, drawable, points, withDashes } from "../../../tbtools/render/report/assets/figure.js";
import { stackAnchor } from "../../../tbtools/render/report/assets/labels.js";

const axis = { breaks: "step", of: (series, i) => series.step[i] };

test("a line breaks where its steps go back", () => {
  const series = { step: [0, 1, 0, 1], breaks: { step: [2] } };
  const { x, y } = points(series, axis, [1, 2, 3, 4]);
  assert.deepEqual(x, [0, 1, 0, 0, 1]);
  assert.deepEqual(y, [1, 2, NaN, 3, 4]);
});

test("a band is one outline for each stretch of numbers", () => {
  const line = { color: "#123456", runs: [0], series: { step: [0, 1, 2, 3] } };
  const { x, y } = bandTrace(line, axis, [0, NaN, 0, 0], [1, NaN, 2, 3], "20");
  assert.deepEqual(x, [0, 0, 2, 2, 3, 3, 2]);
  assert.deepEqual(y, [1, 0, NaN, 2, 3, 0, 0]);
});

test("on a logarithmic axis nothing is drawn where the value is 0 or less", () => {
  assert.deepEqual(drawable([3, 2, 1], { value: [1, 0, -1] }, true), [3, NaN, NaN]);
  assert.deepEqual(drawable([3, 2, 1], { value: [1, 0, -1] }, false), [3, 2, 1]);
});

test("names stand where they have room", () => {
  assert.deepEqual(stackAnchor(0.2, 0.1, [0, 1], 5), { above: true, y: 0.2 });
  assert.deepEqual(stackAnchor(0.9, 0.8, [0, 1], 5), { above: false, y: 0.8 });
  assert.deepEqual(stackAnchor(0.9, 0.1, [0, 1], 5), { above: false, yref: "paper", y: 1 });
  assert.deepEqual(stackAnchor(0.9, 0.8, null, 5), { above: true, y: 0.9 });
});

test("dashes are for lines whose colour another one has", () => {
  const lines = [
    ["red", "solid"],
    ["blue", "dash"],
    ["red", "dash"],
  ].map(([color, dash]) => ({ color, dash }));
  assert.deepEqual(
    withDashes(lines).map(({ dash }) => dash),
    ["solid", "solid", "dash"],
  );
});

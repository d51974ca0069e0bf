// Two runs side by side, where no document is needed for it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { differenceSeries, lineDifference, nearDifferences } from "../../../tbtools/render/report/assets/compare.js";
import { groupSeries } from "../../../tbtools/render/report/assets/grouping.js";

test("lines that went and came", () => {
  const found = lineDifference(["a", "b", "c", "d"], ["a", "x", "c", "d", "e"]);
  assert.deepEqual(found, ["  a", "- b", "+ x", "  c", "  d", "+ e"]);
  assert.deepEqual(nearDifferences(["  a", "  b", "  c", "- d"]), ["  c", "- d"]);
  assert.deepEqual(nearDifferences(["- a", "  b", "  c", "  d", "  e", "+ f"]), ["- a", "  b", "…", "  e", "+ f"]);
});

const series = (step, value, more = {}) => ({ step, value, ms: step, start: 0, n: step.length, ...more });

test("b minus a at the steps of both, the last of several", () => {
  const found = differenceSeries(series([0, 1, 1, 3], [1, 9, 2, 3]), series([1, 2, 3, 3], [5, 5, 5, 7]));
  assert.deepEqual(
    [Array.from(found.step), Array.from(found.value)],
    [
      [1, 3],
      [3, 4],
    ],
  );
});

test("of thinned curves on the lines between their points", () => {
  const thinned = series([0, 10], [0, 10], { to: [2, 12] });
  const found = differenceSeries(thinned, series([0, 20], [0, 40]));
  assert.deepEqual(
    [Array.from(found.step), Array.from(found.value)],
    [
      [1, 11],
      [2, 12],
    ],
  );
});

test("a group has the mean where there is a run, and none of what is not finite", () => {
  const found = groupSeries([series([0, 1, 2], [1, NaN, 3]), series([0, 1, 2], [3, 4, 7])]);
  assert.deepEqual(Array.from(found.value), [2, 4, 5]);
  assert.deepEqual(Array.from(found.spread), [Math.SQRT2, 0, Math.sqrt(8)]);
});

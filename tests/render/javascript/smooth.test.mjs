// Smoothing and ranges, against numbers worked out by hand or from what they mean.

import assert from "node:assert/strict";
import { test } from "node:test";

import { smooth, yRange } from "../../../tbtools/render/report/assets/smooth.js";

function close(found, wanted, tolerance = 1e-12) {
  assert.equal(found.length, wanted.length);
  wanted.forEach((each, i) => assert.ok(Math.abs(found[i] - each) <= tolerance, `${found[i]} ${each}`));
}

test("the debiased moving average of three values", () => {
  // (0.5 · 1 + 1 · 2) / 1.5, (0.25 · 1 + 0.5 · 2 + 1 · 4) / 1.75
  close(smooth({ value: [1, 2, 4] }, 0.5), [1, 2.5 / 1.5, 5.25 / 1.75]);
});

test("no weight leaves a series as it is", () => {
  const value = [3, 1, 2];
  assert.equal(smooth({ value }, 0), value);
});

test("what is not finite stays and is passed over", () => {
  const found = smooth({ value: [1, NaN, 3] }, 0.5);
  assert.ok(Number.isNaN(found[1]));
  close([found[0], found[2]], [1, 3.5 / 1.5]);
});

test("a bucket on a straight line is the mean of the smoothing of its points", () => {
  const value = [5, 0, 1, 2, 3, 4];
  const all = smooth({ value }, 0.7);
  const mean = all.slice(1).reduce((sum, each) => sum + each) / 5;
  const thinned = smooth({ value: [5, 2], count: [1, 5], slope: [0, 1] }, 0.7);
  close(thinned, [5, mean]);
});

test("a range leaves out what squeezes the rest, only at the end where it is", () => {
  const calm = Array.from({ length: 100 }, (_, i) => i / 100);
  const options = { ignoreOutliers: true, log: false, squeezed: 5, fewest: 20 };
  const [low, high] = yRange([[...calm, 1000]], options);
  assert.ok(low < 0 && high > 0.9 && high < 1.1);
  assert.ok(yRange([[...calm, 1000]], { ...options, ignoreOutliers: false })[1] > 1000);
  assert.equal(yRange([[NaN, Infinity]], options), null);
  assert.equal(yRange([[0, -1]], { ...options, log: true }), null);
});

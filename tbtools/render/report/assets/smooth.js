// TensorBoard's smoothing: an exponential moving average, debiased by 1 − wⁿ over the finite values.

// Of a thinned series it is the mean over each bucket of the smoothing of all points, as if those in the
// bucket lay on a straight line (thinning.py). Where every point is its own bucket this is TensorBoard's
// own formula.
export function smooth(series, weight) {
  const { value, count, mean = value, slope } = series;
  if (weight <= 0 || series.constant) return value;
  const result = new Float64Array(value.length);
  let state = 0;
  let decay = 1;
  for (let i = 0; i < value.length; i++) {
    if (!Number.isFinite(value[i])) {
      result[i] = value[i];
      continue;
    }
    const n = count ? count[i] : 1;
    const rise = slope ? slope[i] : 0;
    let sum = 0;
    for (let k = 0; k < n; k++) {
      state = state * weight + (1 - weight) * (mean[i] + rise * (k - (n - 1) / 2));
      decay *= weight;
      sum += decay < 1 ? state / (1 - decay) : state;
    }
    result[i] = n > 1 ? sum / n : sum;
  }
  return result;
}

// From where to where values go, as tbtools/render/ranges.py has it: without what lies farther beyond the
// 5th or the 95th percentile than half of what lies between, but only where that would be squeezed into a
// part of the chart, only at the end where it is so, and only of more than the fewest values.
function valueRange(arrays, { ignoreOutliers, log, squeezed, fewest }) {
  const finite = [];
  for (const values of arrays) {
    for (const value of values) {
      if (Number.isFinite(value) && !(log && value <= 0)) finite.push(log ? Math.log10(value) : value);
    }
  }
  if (!finite.length) return null;
  const sorted = Float64Array.from(finite).sort();
  const last = sorted.length - 1;
  let low = sorted[0];
  let high = sorted[last];
  const inner = sorted[Math.ceil(last * 0.05)];
  const outer = sorted[Math.floor(last * 0.95)];
  // Halves: the difference of two doubles may be none.
  const spread = outer / 2 - inner / 2;
  if (ignoreOutliers && sorted.length > fewest && 0 < spread && spread < (high / 2 - low / 2) / squeezed) {
    // At least one end is so far away; the other may be where the best values are.
    const far = (spread * (squeezed - 1)) / 2;
    if (inner / 2 - low / 2 >= far) low = sorted.find((each) => each >= inner - spread);
    if (high / 2 - outer / 2 >= far) high = sorted.filter((each) => each <= outer + spread).at(-1);
  }
  if (low < high) return [low, high];
  // A constant gets a range around it in proportion to its size.
  const margin = Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

// The same with room above and below.
export function yRange(arrays, options) {
  const found = valueRange(arrays, options);
  if (!found) return null;
  const [low, high] = found;
  const margin = (high - low) * 0.06;
  return Number.isFinite(2 * margin) ? [low - margin, high + margin] : found;
}

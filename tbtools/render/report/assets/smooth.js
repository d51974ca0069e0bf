// TensorBoard's smoothing: an exponential moving average, debiased by 1 − wⁿ over the finite values.

// `gap[i]` finite values with the mean `mean[i]` lie between the points i − 1 and i of a thinned
// series; they are taken as if each were that mean. Without gaps this is TensorBoard's own formula.
function smooth(series, weight) {
  const value = series.value;
  if (weight <= 0 || series.constant) return value;
  const { gap, mean } = series;
  const result = new Float64Array(value.length);
  let state = 0;
  let decay = 1;
  for (let i = 0; i < value.length; i++) {
    if (gap && gap[i]) {
      const power = weight ** gap[i];
      state = state * power + (1 - power) * mean[i];
      decay *= power;
    }
    if (!Number.isFinite(value[i])) {
      result[i] = value[i];
      continue;
    }
    state = state * weight + (1 - weight) * value[i];
    decay *= weight;
    result[i] = decay < 1 ? state / (1 - decay) : state;
  }
  return result;
}

// The y range to show. Outliers are ignored as TensorBoard does, beyond the 5th and 95th percentile
// of all that is drawn, but only where they would squeeze the rest into a fifth of the chart, and
// only at the end where they are.
const SQUEEZED = 5;

function yRange(arrays, { ignoreOutliers, log, squeezed = SQUEEZED }) {
  const finite = [];
  for (const values of arrays) {
    for (const value of values) {
      if (Number.isFinite(value) && !(log && value <= 0))
        finite.push(log ? Math.log10(value) : value);
    }
  }
  if (!finite.length) return null;
  const sorted = Float64Array.from(finite).sort();
  let low = sorted[0];
  let high = sorted[sorted.length - 1];
  if (ignoreOutliers && sorted.length > 2) {
    const inner = sorted[Math.ceil((sorted.length - 1) * 0.05)];
    const outer = sorted[Math.floor((sorted.length - 1) * 0.95)];
    const spread = outer - inner;
    if (spread > 0 && high - low > squeezed * spread) {
      // At least one end is so far away; the other may be where the best values are.
      const far = (spread * (squeezed - 1)) / 2;
      if (inner - low >= far) low = inner;
      if (high - outer >= far) high = outer;
    }
  }
  // A constant gets a range around it in proportion to its size.
  const margin = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 1;
  return Number.isFinite(2 * margin) ? [low - margin, high + margin] : [low, high];
}

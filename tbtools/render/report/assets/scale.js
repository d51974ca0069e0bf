// Where values lie along the y axis: as they are, by their logarithm (Plotly's own), or by that of their size
// on either side of zero.

// Tens of a symmetric logarithmic axis below which values lie on a line through zero.
const MOST_DECADES = 6;
const MOST_TICKS = 4;

// The size below which a symmetric logarithmic axis is a line: a power of ten, of which a tenth of all values
// are smaller.
export function linearBelow(arrays) {
  const sizes = [];
  for (const values of arrays)
    for (const value of values) if (value && Number.isFinite(value)) sizes.push(Math.abs(value));
  if (!sizes.length) return 1;
  const sorted = Float64Array.from(sizes).sort();
  const most = Math.floor(Math.log10(sorted[sorted.length - 1]));
  const few = Math.floor(Math.log10(sorted[Math.floor(sorted.length / 10)]));
  return Number(`1e${Math.max(few, most - MOST_DECADES)}`);
}

export function symmetricLog(below) {
  const to = (value) => Math.sign(value) * Math.log10(1 + Math.abs(value) / below);
  const from = (place) => Math.sign(place) * below * (10 ** Math.abs(place) - 1);
  return { to, from, below };
}

export const AS_IT_IS = { to: (value) => value, from: (place) => place };

// Ticks at zero and at powers of ten to either side, between two places.
export function symmetricTicks({ to, from, below }, [low, high]) {
  const values = [0];
  const ends = Math.max(Math.abs(low), Math.abs(high));
  const decades = Math.max(1, Math.ceil(ends));
  const jump = Math.ceil(decades / MOST_TICKS);
  for (let decade = 0; decade <= decades; decade += jump) values.push(below * 10 ** decade, -below * 10 ** decade);
  const found = values.filter((value) => to(value) >= low && to(value) <= high);
  return found.length > 2 ? found : evenTicks(from(low), from(high));
}

// Round values at even distances.
function evenTicks(low, high) {
  const size = 10 ** Math.floor(Math.log10(high - low));
  const step = [0.2, 0.5, 1, 2].map((part) => part * size).find((each) => (high - low) / each <= 6);
  const count = Math.floor(high / step) - Math.ceil(low / step) + 1;
  return Array.from({ length: count }, (_, i) => (Math.ceil(low / step) + i) * step);
}

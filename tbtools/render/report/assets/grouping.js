// The mean and spread of the runs that have the same hyperparameter, as a series of its own.

// Points along the steps of a group whose runs were not logged at the same ones.
const PLACES = 200;

export const middle = ({ step, to }, i) => (to ? (step[i] + to[i]) / 2 : step[i]);

function sameSteps(series) {
  const [{ step, to }] = series;
  if (to) return false;
  return series.every(
    (each) => !each.to && each.step.length === step.length && each.step.every((at, i) => at === step[i]),
  );
}

// The places along the steps at which a group has points.
function placesOf(series) {
  if (sameSteps(series)) return Array.from(series[0].step);
  const ends = series.map((each) => [middle(each, 0), middle(each, each.step.length - 1)]);
  const [from, to] = [Math.min(...ends.map(([a]) => a)), Math.max(...ends.map(([, b]) => b))];
  return Array.from({ length: PLACES }, (_, i) => from + ((to - from) * i) / (PLACES - 1));
}

// Value and milliseconds of a series at places that increase, on the line between its points; NaN beyond
// its ends, and where one of the two points is not finite.
export function along(series, places) {
  const { value, ms } = series;
  let right = 0;
  return places.map((place) => {
    while (right < value.length - 1 && middle(series, right) < place) right++;
    const x = middle(series, right);
    if (x === place) return [value[right], ms[right]];
    const left = right - 1;
    if (x < place || left < 0) return [NaN, NaN];
    const part = (place - middle(series, left)) / (x - middle(series, left));
    const between = (list) => list[left] * (1 - part) + list[right] * part;
    return [between(value), between(ms)];
  });
}

// The mean over the series at each place, and the standard deviation (n - 1) around it.
export function groupSeries(series) {
  const places = placesOf(series);
  const all = series.map((each) => along(each, places));
  const found = { n: Infinity, start: Math.min(...series.map(({ start }) => start)), nonfinite: 0 };
  const rows = [];
  places.forEach((step, i) => {
    const here = all.map((each) => each[i]).filter(([value]) => Number.isFinite(value));
    if (!here.length) return;
    const mean = here.reduce((sum, [value]) => sum + value, 0) / here.length;
    const squares = here.reduce((sum, [value]) => sum + (value - mean) ** 2, 0);
    const ms = here.reduce((sum, [, each]) => sum + each, 0) / here.length;
    rows.push([step, mean, here.length > 1 ? Math.sqrt(squares / (here.length - 1)) : 0, ms]);
  });
  ["step", "value", "spread", "ms"].forEach((name, column) => {
    found[name] = Float64Array.from(rows, (row) => row[column]);
  });
  found.n = Math.max(...series.map((each) => each.n));
  found.constant = found.value.every((each) => each === found.value[0]);
  return found;
}

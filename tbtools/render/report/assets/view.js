// Where a chart ends at first: most runs fill it, however long the longest goes on; that is told, and the
// whole is a click away.

import { h } from "./dom.js";
import { formatCount, formatRounded } from "./format.js";

// So many of a hundred runs are shown to their ends. Of fewer than ten none is one among many.
const MOST = 0.9;
const FEWEST_RUNS = 10;

// Where most of some lines have ended, which go from a first to a last place each; null where the others
// do not squeeze them, as outliers would, into a part of the chart.
export function endOfMost(spans, squeezed) {
  if (spans.length < FEWEST_RUNS) return null;
  const first = Math.min(...spans.map(([from]) => from));
  const ends = spans.map(([, to]) => to).sort((a, b) => a - b);
  const end = ends[Math.ceil(ends.length * MOST) - 1];
  const [part, whole] = [end / 2 - first / 2, ends[ends.length - 1] / 2 - first / 2];
  return 0 < part && part < whole / squeezed ? end : null;
}

// From where to where a line goes along its axis; null without a point.
function spanOf({ x }) {
  let [first, last] = [Infinity, -Infinity];
  for (const each of x) {
    if (each < first) first = each;
    if (each > last) last = each;
  }
  return first <= last ? [first, last] : null;
}

// The view of a chart with which it begins, and what lies beyond it; null for all there is. Wall times are
// as far apart as the runs were started: there a long gap is no long run.
export function firstView(lines, state, { squeezed }) {
  if (state.x === "wall") return null;
  const spans = lines.map(spanOf).filter(Boolean);
  const end = endOfMost(spans, squeezed);
  if (end === null) return null;
  const first = Math.min(...spans.map(([from]) => from));
  const beyond = spans.map(([, to]) => to).filter((to) => to > end);
  const margin = (end - first) * 0.015;
  return { range: [first - margin, end + margin], runs: beyond.length, last: Math.max(...beyond) };
}

// What of some lines a view shows.
export function within(drawn, { range: [, end] }) {
  return drawn.map(({ x, y }) => {
    const seen = Array.from(x.keys()).filter((i) => x[i] <= end);
    return { x: seen.map((i) => x[i]), y: seen.map((i) => y[i]) };
  });
}

// Says in words what a chart does not show at first, with what shows it.
export function tellBeyond(element, view, state, { showWhole, goBack }) {
  element.hidden = !view;
  if (!view) return;
  const button = (text, onclick) => h("button", { type: "button", class: "plain", onclick }, text);
  if (view.isWhole) return element.replaceChildren(button("Show where most runs are", goBack));
  const place = state.x === "step" ? `step ${formatCount(view.last)}` : `${formatRounded(view.last)} ${view.unit}`;
  const goOn = view.runs === 1 ? "1 line goes" : `${formatCount(view.runs)} lines go`;
  element.replaceChildren(`${goOn} on to ${place}. `, button("Show all", showWhole));
}

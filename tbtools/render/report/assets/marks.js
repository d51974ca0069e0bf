// What is marked in a chart: findings, restarts, values that are not finite, outliers.

import { cssColor, runColor, xAt } from "./axes.js";
import { formatRounded } from "./format.js";

// Many shades on top of each other would hide what they are about.
const MOST_SHADES = 4;
// More onset lines than these stay short, or they would be all that one sees.
const MOST_ONSETS = 8;

// Where values are NaN or infinite: a mark at the height at which the line breaks off.
export function nonfiniteTrace(lines, axis) {
  const trace = { x: [], y: [], symbols: [], colors: [] };
  for (const { series, color, drawn } of lines) {
    if (!series.nonfinite) continue;
    let height = Array.prototype.find.call(drawn, Number.isFinite) ?? 0;
    for (let i = 0; i < series.value.length; i++) {
      const value = series.value[i];
      if (Number.isFinite(value)) {
        height = drawn[i];
        continue;
      }
      // Inside a long stretch of them nothing is marked but its ends.
      const inside = i > 0 && i < series.value.length - 1;
      if (inside && !Number.isFinite(series.value[i - 1]) && !Number.isFinite(series.value[i + 1])) continue;
      trace.x.push(axis.of(series, i));
      trace.y.push(height);
      trace.symbols.push(Number.isNaN(value) ? "x-thin" : value > 0 ? "triangle-up" : "triangle-down");
      trace.colors.push(color);
    }
  }
  if (!trace.x.length) return [];
  const marker = { symbol: trace.symbols, color: trace.colors, size: 7 };
  marker.line = { color: trace.colors, width: 1.5 };
  const { x, y } = trace;
  return [{ type: "scatter", mode: "markers", x, y, marker, cliponaxis: false, hoverinfo: "skip" }];
}

export function seriesOf(tag, run) {
  return tag.series.find((series) => series.run === run);
}

function shownFindings(state, tag) {
  return (tag.findings || []).filter(({ runNumber }) => state.isShown(runNumber) && seriesOf(tag, runNumber));
}

// Above each onset line a mark in the colour of the run, as long as they can be distinguished.
export function onsetMarks(page, state, tag, axis) {
  const shown = shownFindings(state, tag);
  if (shown.length > MOST_ONSETS) return [];
  return shown.map(({ runNumber, from: [step, second], outside }) => ({
    text: outside ? "◁" : "▼",
    x: xAt(state, axis, seriesOf(tag, runNumber), step, second),
    y: 1,
    yref: "paper",
    yanchor: "bottom",
    yshift: -4,
    showarrow: false,
    font: { size: 10, color: runColor(page, runNumber) },
  }));
}

// Onset lines and shaded plateaus of the findings.
export function findingShapes(page, state, tag, axis) {
  const shapes = [];
  const shown = shownFindings(state, tag);
  const shaded = shown.filter(({ kind }) => kind === "plateau").length <= MOST_SHADES;
  for (const finding of shown) {
    const series = seriesOf(tag, finding.runNumber);
    const x0 = xAt(state, axis, series, ...finding.from);
    const x1 = xAt(state, axis, series, ...finding.to);
    const { color, dash } = page.drawing.severities[finding.severity];
    if (finding.kind === "plateau" && shaded) {
      shapes.push({
        type: "rect",
        x0,
        x1,
        y0: 0,
        y1: 1,
        yref: "paper",
        layer: "below",
        fillcolor: color,
        opacity: 0.07,
        line: { width: 0 },
      });
    }
    const y0 = shown.length > MOST_ONSETS ? 0.94 : 0;
    shapes.push({
      type: "line",
      x0,
      x1: x0,
      y0,
      y1: 1,
      yref: "paper",
      line: { color, width: 1.2, dash },
    });
  }
  return shapes;
}

// Where runs were resumed.
export function restartShapes(state, lines, axis) {
  const shapes = [];
  for (const { series, color } of lines) {
    for (const [step, second] of series.sessions || []) {
      const x = xAt(state, axis, series, step, second);
      shapes.push({
        type: "line",
        x0: x,
        x1: x,
        y0: 0,
        y1: 0.07,
        yref: "paper",
        line: { color, width: 2 },
      });
    }
  }
  return shapes;
}

// How far lines go beyond the range that is shown, as a note at either end, at the point that is farthest
// out.
export function beyondNotes(lines, range, log, { from }) {
  const lowest = { x: 0, y: Infinity };
  const highest = { x: 0, y: -Infinity };
  let [first, last] = [Infinity, -Infinity];
  for (const { x, y } of lines) {
    for (let i = 0; i < y.length; i++) {
      if (!Number.isFinite(y[i]) || Number.isNaN(x[i]) || (log && y[i] <= 0)) continue;
      if (x[i] < first) first = x[i];
      if (x[i] > last) last = x[i];
      if (y[i] < lowest.y) Object.assign(lowest, { x: x[i], y: y[i] });
      if (y[i] > highest.y) Object.assign(highest, { x: x[i], y: y[i] });
    }
  }
  const [bottom, top] = log ? range.map((end) => 10 ** end) : range;
  const note = (arrow, { x, y }, end) => ({
    text: `${arrow} ${formatRounded(from(y), 3)}`,
    x,
    y: end,
    yref: "paper",
    // The arrow stands at the point, and the number inside the chart.
    xanchor: x < (first + last) / 2 ? "left" : "right",
    yanchor: end ? "top" : "bottom",
    showarrow: false,
    font: { size: 10, color: cssColor("--muted") },
  });
  return [...(highest.y > top ? [note("↑", highest, 1)] : []), ...(lowest.y < bottom ? [note("↓", lowest, 0)] : [])];
}

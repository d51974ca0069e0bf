// What lines are called in a chart.

import { cssColor } from "./axes.js";

// The height of a label, in pixels, and that of a small chart.
export const LABEL = 13;
const SMALL = 150;

// Names longer than this would hide the lines that they belong to.
const LONG_LABEL = 48;

// What lines are called at their ends: all by their names, or all cut, where that tells them apart.
function labelsOf(lines) {
  const names = lines.map(({ name }) => name);
  const cut = lines.map((line) => line.cut);
  const areCut = names.some((name) => name.length > LONG_LABEL) && new Set(cut).size === lines.length;
  return (areCut && cut.every(Boolean) ? cut : names).map((text) =>
    text.length > LONG_LABEL ? `…${text.slice(1 - LONG_LABEL)}` : text,
  );
}

// Names at the ends of the lines that stand out of a crowd; `down` pixels lower where they begin at the top.
// Each goes from its end to where the chart has more room: `middle` is that of the x axis. What goes on
// beyond the `end` of the view is called by its name there.
export function endLabels(lines, place, range, down, { middle, end }) {
  const isSeen = (line, i) => Number.isFinite(line.drawn[i]) && line.x[i] <= end;
  const ends = lines.flatMap((line) => {
    let last = line.drawn.length - 1;
    while (last >= 0 && !isSeen(line, last)) last--;
    return last < 0 ? [] : { line, x: line.x[last], y: line.drawn[last] };
  });
  const labels = new Map(labelsOf(lines).map((text, i) => [lines[i], text]));
  if (!ends.length) return [];
  ends.sort((a, b) => b.y - a.y);
  // One above the other, in the order of their ends: the best runs end close to one another.
  const { above, ...anchor } = stackAnchor(place(ends[0].y), place(ends[ends.length - 1].y), range, ends.length);
  const shift = anchor.yref ? down : 0;
  return ends.map(({ line, x }, number) => ({
    ...anchor,
    text: escapeForPlotly(labels.get(line)),
    x,
    xanchor: x < middle ? "left" : "right",
    yanchor: above ? "bottom" : "top",
    yshift: LABEL * (above ? ends.length - number : -number) - shift,
    bgcolor: `${cssColor("--card")}aa`,
    borderpad: 0,
    showarrow: false,
    font: { size: 10, color: line.color },
  }));
}

// Where so many labels have room: above the highest end, below the lowest, or from the top down.
export function stackAnchor(highest, lowest, range, count) {
  const needed = range ? ((count + 1) * LABEL * (range[1] - range[0])) / SMALL : 0;
  if (!range || range[1] - highest >= needed) return { above: true, y: highest };
  if (lowest - range[0] >= needed) return { above: false, y: lowest };
  return { above: false, yref: "paper", y: 1 };
}

// Plotly reads some markup in texts.
export function escapeForPlotly(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

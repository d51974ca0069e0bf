// What all runs have at the x under the pointer, the nearest line first in sight.

import { bothEnds, byId, h, swatch } from "./dom.js";
import { formatCount, formatDuration, formatRounded } from "./format.js";

const MOST_ROWS = 14;

// Index of the value that is nearest to x; of several, the last one written.
export function nearest(values, x, increases) {
  if (!increases) {
    let found = 0;
    for (let i = 1; i < values.length; i++) {
      if (Math.abs(values[i] - x) <= Math.abs(values[found] - x)) found = i;
    }
    return found;
  }
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low && Math.abs(values[low - 1] - x) <= Math.abs(values[low] - x) ? low - 1 : low;
}

// What the lines have at x, those nearest to y, a value along the axis.
function rowsAt(lines, x, y, { log, to }) {
  const distance = (value) => {
    if (!Number.isFinite(value)) return Infinity;
    return log ? Math.abs(Math.log(value / y)) : Math.abs(to(value) - y);
  };
  const span = Math.max(...lines.map((line) => Math.abs(line.x[line.x.length - 1] - line.x[0]) || 0), 0);
  const rows = [];
  for (const line of lines) {
    const index = nearest(line.x, x, line.rises);
    // A run that ended long before has nothing to say here.
    if (Math.abs(line.x[index] - x) > span * 0.05 && line.x.length > 1) continue;
    rows.push({ line, index, distance: distance(line.smooth[index]) });
  }
  rows.sort((a, b) => a.distance - b.distance);
  const near = rows.slice(0, MOST_ROWS);
  near.sort((a, b) => (b.line.smooth[b.index] || 0) - (a.line.smooth[a.index] || 0));
  return { rows: near, more: rows.length - near.length, closest: rows[0] };
}

// Whether a point of a thinned series stands for several.
export function isMean(series, i) {
  return Boolean(series.to) && series.count[i] > 1;
}

function stepsAt(series, i) {
  const first = formatCount(series.step[i]);
  return isMean(series, i) ? `${first}–${formatCount(series.to[i])}` : first;
}

function extremesAt(series, i) {
  if (!isMean(series, i)) return "";
  return `${formatRounded(series.low[i])}, ${formatRounded(series.high[i])}`;
}

function tooltipTable(state, { rows, more, closest }) {
  const smoothed = rows.some(({ line }) => state.weightOf(line.series) > 0);
  const extremes = rows.some(({ line, index }) => isMean(line.series, index));
  const value = extremes ? "Mean" : "Value";
  const head = [
    "",
    "Run",
    smoothed ? "Smoothed" : value,
    smoothed && value,
    extremes && "Least, greatest",
    extremes ? "Of steps" : "Step",
    "Time",
  ];
  const body = rows.map((row) => {
    const { series, name, color, dash, smooth } = row.line;
    return h(
      "tr",
      { class: row === closest && "closest" },
      h("td", {}, swatch(color, dash)),
      h("td", { class: "name" }, h("span", { class: "both-ends" }, bothEnds(name))),
      h("td", { class: "number" }, formatRounded(smooth[row.index])),
      smoothed && h("td", { class: "number" }, formatRounded(series.value[row.index])),
      extremes && h("td", { class: "number" }, extremesAt(series, row.index)),
      h("td", { class: "number" }, stepsAt(series, row.index)),
      h("td", { class: "number" }, formatDuration(series.ms[row.index] / 1000)),
    );
  });
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.filter((each) => typeof each === "string").map((each) => h("th", {}, each)),
      ),
    ),
    h("tbody", {}, body),
    more > 0 && h("caption", {}, `and ${formatCount(more)} more`),
  );
}

// Listens to the pointer and the arrow keys over a chart.
export function attachTooltip(card, state) {
  const tooltip = byId("tooltip");
  const line = h("div", { class: "crosshair", hidden: true });
  card.plot.append(line);
  let at = null;

  // How the chart places values along its y axis.
  const axis = () => ({ log: state.log, to: card.figure?.scale?.to ?? ((value) => value) });
  const hide = () => {
    tooltip.hidden = true;
    line.hidden = true;
    if (state.linked && state.crosshair !== null) state.set({ crosshair: null });
  };
  // Where another chart has its pointer.
  card.cross = (x) => {
    if (!card.plot._fullLayout || card.plot.hidden) return;
    const { xaxis, _size: size } = card.plot._fullLayout;
    const px = x === null ? -1 : xaxis.c2p(x);
    line.hidden = px < 0 || px > size.w;
    const top = `${size.t}px`;
    Object.assign(line.style, { left: `${size.l + px}px`, top, height: `${size.h}px` });
  };
  const showAt = (px, py) => {
    const { xaxis, yaxis, _size: size } = card.plot._fullLayout;
    const inside = px >= 0 && px <= size.w && py >= 0 && py <= size.h;
    if (!inside || !card.lines.length) return hide();
    at = px;
    const found = rowsAt(card.lines, xaxis.p2c(px), yaxis.p2c(py), axis());
    if (!found.rows.length) return hide();
    tooltip.replaceChildren(tooltipTable(state, found));
    if (state.linked) state.set({ crosshair: xaxis.p2c(px) });
    tooltip.hidden = false;
    line.hidden = false;
    Object.assign(line.style, {
      left: `${size.l + px}px`,
      top: `${size.t}px`,
      height: `${size.h}px`,
    });
    place(tooltip, card.plot.getBoundingClientRect(), size.l + px, size.t + py);
  };

  card.plot.addEventListener("pointermove", (event) => {
    if (!card.plot._fullLayout || event.buttons) return hide();
    const box = card.plot.getBoundingClientRect();
    const { _size: size } = card.plot._fullLayout;
    showAt(event.clientX - box.left - size.l, event.clientY - box.top - size.t);
  });
  // A click near a line pins its run, or lets go of it.
  card.plot.addEventListener("pointerdown", (down) => {
    const box = card.plot.getBoundingClientRect();
    const release = (up) => {
      const moved = Math.abs(up.clientX - down.clientX) + Math.abs(up.clientY - down.clientY);
      if (moved > 4 || !card.plot._fullLayout) return;
      const { xaxis, yaxis, _size: size } = card.plot._fullLayout;
      const [px, py] = [down.clientX - box.left - size.l, down.clientY - box.top - size.t];
      const { closest } = rowsAt(card.lines, xaxis.p2c(px), yaxis.p2c(py), axis());
      if (!closest?.line.runs || Math.abs(yaxis.c2p(axis().to(closest.line.smooth[closest.index])) - py) > 14) return;
      const pinned = new Set(state.pinned);
      const { runs } = closest.line;
      for (const run of runs) pinned.has(run) ? pinned.delete(run) : pinned.add(run);
      state.set({ pinned });
    };
    window.addEventListener("pointerup", release, { once: true });
  });
  card.plot.addEventListener("pointerleave", hide);
  card.plot.addEventListener("blur", hide);
  card.plot.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") hide();
    if (!move || !card.plot._fullLayout) return;
    event.preventDefault();
    const { _size: size } = card.plot._fullLayout;
    const next = at === null ? size.w / 2 : at + (move * size.w) / 50;
    showAt(Math.min(size.w, Math.max(0, next)), size.h / 2);
  });
}

// Beside the pointer, on the side where there is room, never off the screen.
export function place(tooltip, box, x, y) {
  const { offsetWidth: width, offsetHeight: height } = tooltip;
  const room = document.documentElement.clientWidth;
  let left = box.left + x + 16;
  if (left + width > room - 8) left = Math.max(8, box.left + x - width - 16);
  const top = Math.max(8, Math.min(box.top + y + 12, window.innerHeight - height - 8));
  Object.assign(tooltip.style, { left: `${left}px`, top: `${top}px` });
}

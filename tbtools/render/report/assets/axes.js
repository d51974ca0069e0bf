// Colours, and what lies along the axes of a chart: steps, seconds or dates.

import { swatch } from "./dom.js";
import { along, groupSeries, middle } from "./grouping.js";

/** @type {[string, number][]} */
const UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

export function runColor(page, run) {
  return page.runs[run].color;
}

export function runSwatch(page, run) {
  const { color, dash } = page.runs[run];
  return swatch(color, dash);
}

export function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// A unit of time in which the longest of some series has a handful of ticks.
function timeUnit(lines, secondsOf) {
  const ends = lines.map(({ series }) => secondsOf(series, series.ms[series.ms.length - 1] / 1000));
  const longest = Math.max(0, ...ends);
  return UNITS.find(([, size]) => longest >= 2 * size) || UNITS[UNITS.length - 1];
}

// Milliseconds, no further off than there are dates.
function asDate(milliseconds, last) {
  return Math.min(last, Math.max(-last, milliseconds));
}

function runsOf(page, series) {
  return series.run === undefined ? (series.members ?? page.groups[series.group].runs) : [series.run];
}

// Seconds since the first event without the pauses between sessions; of a group the mean of its runs.
function activeSeconds(page, series, second) {
  const runs = runsOf(page, series);
  const paused = runs
    .flatMap((run) => page.runs[run].pauses)
    .map(([from, to]) => Math.min(Math.max(second - from, 0), to - from));
  return second - paused.reduce((sum, each) => sum + each, 0) / runs.length;
}

export function xAxis(page, state, lines) {
  if (state.x === "relative" || state.x === "active") {
    const active = (series, second) => activeSeconds(page, series, second);
    const secondsOf = state.x === "active" ? active : (_, second) => second;
    const [name, size] = timeUnit(lines, secondsOf);
    return {
      type: "linear",
      breaks: "time",
      title: name,
      of: (series, i) => secondsOf(series, series.ms[i] / 1000) / size,
      atSecond: (series, second) => secondsOf(series, second) / size,
    };
  }
  if (state.x === "wall") {
    const last = page.drawing.last_date;
    const of = (series, i) => asDate(series.start * 1000 + series.ms[i], last);
    return { type: "date", breaks: "time", title: "UTC", of, last };
  }
  const tag = state.x.startsWith("tag:") && page.tags.find((each) => `tag:${each.tag}` === state.x);
  if (tag) return tagAxis(page, tag);
  // A bucket of points stands in the middle between its ends.
  const of = ({ step, to }, i) => (to ? (step[i] + to[i]) / 2 : step[i]);
  return { type: "linear", breaks: "step", title: "", of };
}

// Another scalar as the axis: what it has at the same steps, on the lines between its points.
function tagAxis(page, tag) {
  const known = new Map();
  const axisOf = (series) => {
    const runs = runsOf(page, series);
    const found = tag.series.filter(({ run }) => runs.includes(run));
    if (!found.length) return null;
    return found.length > 1 ? groupSeries(found) : found[0];
  };
  const placesOf = (series) => {
    if (!known.has(series)) {
      const axis = axisOf(series);
      const order = Array.from(series.step.keys()).sort((a, b) => middle(series, a) - middle(series, b));
      const places = new Float64Array(order.length).fill(NaN);
      const found = axis
        ? along(
            axis,
            order.map((i) => middle(series, i)),
          )
        : [];
      found.forEach(([value], i) => (places[order[i]] = value));
      known.set(series, places);
    }
    return known.get(series);
  };
  return {
    type: "linear",
    breaks: "step",
    // Its values may rise and fall: where something is cannot be found by halves.
    turns: true,
    title: tag.tag,
    of: (series, i) => placesOf(series)[i],
    at: (series, step) => {
      const axis = axisOf(series);
      return axis ? along(axis, [step])[0][0] : NaN;
    },
  };
}

// Where on the x axis something is that has a step and a second in its series.
export function xAt(state, axis, series, step, second) {
  if (axis.atSecond) return axis.atSecond(series, second);
  if (state.x === "wall") return asDate((series.start + second) * 1000, axis.last);
  return axis.at ? axis.at(series, step) : step;
}

export function axisStyle() {
  const grid = cssColor("--grid");
  return {
    gridcolor: grid,
    zerolinecolor: grid,
    zerolinewidth: 1,
    linecolor: cssColor("--rule"),
    tickfont: { size: 11, color: cssColor("--muted") },
    automargin: true,
    fixedrange: false,
  };
}

// There is nothing between one step and the next: a short axis of steps has a tick at each.
const FEW_STEPS = 7;

export function xRange(lines, ofSteps) {
  let low = Infinity;
  let high = -Infinity;
  for (const { x } of lines) {
    for (const value of x) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low === high) return { range: [low - 1, low + 1], tickvals: [low] };
  if (!(low < high)) return {};
  const margin = (high - low) * 0.015;
  const range = [low - margin, high + margin];
  return ofSteps && high - low <= FEW_STEPS ? { range, dtick: 1 } : { range };
}

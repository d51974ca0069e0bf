// Runs coloured, put into groups and into panels by a hyperparameter, an objective or their rank.

import { h, swatch } from "./dom.js";

// Shades of a ramp that can be told apart, and the crowd's traces.
const SHADES = 16;
// Panels of a chart, beyond which the others share the last one.
const MOST_PANELS = 8;

function rankAxis(page) {
  const [objective] = page.objectives;
  if (!objective) return null;
  const sign = objective.better === "max" ? -1 : 1;
  const known = objective.cells.filter(({ best }) => best !== null);
  if (known.length < 2) return null;
  const order = known.toSorted((a, b) => sign * (a.best - b.best));
  const at = Object.fromEntries(order.map(({ run }, i) => [run, i / (order.length - 1)]));
  const texts = Object.fromEntries(order.map(({ run }, i) => [run, String(i + 1)]));
  const ticks = [
    [0, "1"],
    [1, String(order.length)],
  ];
  return { name: `rank by ${objective.name}`, at, texts, ticks, rank: true };
}

// Everything that runs can be coloured by, by its name.
export function colorAxes(page) {
  const rank = rankAxis(page);
  return [...(rank ? [rank] : []), ...page.hparams.axes];
}

// What runs can be put together by: hyperparameters.
export function groupAxes(page) {
  return page.hparams.axes.filter((axis) => !axis.objective);
}

function mixed(low, high, part) {
  const channel = (color, i) => parseInt(color.slice(1 + 2 * i, 3 + 2 * i), 16);
  const of = (i) => Math.round(channel(low, i) * (1 - part) + channel(high, i) * part);
  return `#${[0, 1, 2].map((i) => of(i).toString(16).padStart(2, "0")).join("")}`;
}

export function rampColor({ ramp }, at) {
  const place = (Math.round(at * (SHADES - 1)) / (SHADES - 1)) * (ramp.length - 1);
  const before = Math.min(ramp.length - 2, Math.floor(place));
  return mixed(ramp[before], ramp[before + 1], place - before);
}

// The colour of a place on an axis: names have colours of their own, numbers those of a ramp.
export function axisColor(page, axis, run) {
  if (!(run in axis.at)) return null;
  const { palette } = page.drawing;
  if (axis.names) return palette[axis.names.indexOf(axis.texts[run]) % palette.length];
  return rampColor(page.drawing, axis.at[run]);
}

// Runs without a value are grey.
export const GREY = "#8a8f98";

// Gives all runs the colours that are chosen. Who draws runs does it anew then.
export function recolor(page, state) {
  const axis = colorAxes(page).find(({ name }) => name === state.colorBy);
  page.runs.forEach((run, number) => {
    run.own ??= { color: run.color, dash: run.dash };
    const color = axis && (axisColor(page, axis, number) ?? GREY);
    Object.assign(run, color ? { color, dash: "solid" } : run.own);
  });
}

// The runs by what they have on an axis: its text, and their numbers, in the order of the axis.
export function runsByValue(axis, runs) {
  const found = new Map();
  const at = (run) => axis.at[run] ?? 2;
  for (const run of runs.toSorted((a, b) => at(a) - at(b) || a - b)) {
    const text = axis.texts[run] ?? null;
    const name = text === null ? `no ${axis.name}` : `${axis.name} ${text}`;
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(run);
  }
  return [...found].map(([name, members]) => ({ name, runs: members }));
}

// The panels into which a chart is divided.
export function panelsOf(axis, runs) {
  const all = runsByValue(axis, runs);
  if (all.length <= MOST_PANELS) return all;
  const rest = all.slice(MOST_PANELS - 1);
  const name = `${rest.length} other values of ${axis.name}`;
  return [...all.slice(0, MOST_PANELS - 1), { name, runs: rest.flatMap((each) => each.runs) }];
}

// What the colours mean.
export function colorLegend(page, state) {
  const axis = colorAxes(page).find(({ name }) => name === state.colorBy);
  if (!axis) return null;
  if (axis.names) {
    const { palette } = page.drawing;
    const shown = axis.names.slice(0, 12);
    const more = axis.names.length - shown.length;
    return h(
      "ul",
      { class: "legend" },
      shown.map((name, i) => h("li", {}, swatch(palette[i % palette.length]), name)),
      more > 0 && h("li", {}, `and ${more} more, in the same colours`),
    );
  }
  const [first, last] = [axis.ticks[0], axis.ticks[axis.ticks.length - 1]];
  const background = `linear-gradient(to right, ${page.drawing.ramp.join(", ")})`;
  return h(
    "div",
    { class: "legend ramp" },
    h("span", {}, first[1]),
    h("span", { class: "shades", style: { background } }),
    h("span", {}, last[1]),
  );
}

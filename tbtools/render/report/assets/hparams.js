// Hyperparameters against the objectives: parallel coordinates, and a scatter plot.

import { axisStyle, cssColor, runColor } from "./axes.js";
import { escapeForPlotly } from "./figure.js";
import { h, svg } from "./dom.js";
import { plotCard } from "./media.js";

const PARALLEL = { height: 260, top: 34, bottom: 14, left: 60, right: 90, apart: 130, text: 12 };

// Of the ticks of an axis those that do not cover one another; the ends come first.
function readableTicks(ticks, y) {
  const kept = [];
  for (const tick of [...ticks.slice(0, 1), ...ticks.slice(1).reverse()]) {
    if (kept.every(([part]) => Math.abs(y(part) - y(tick[0])) >= PARALLEL.text)) kept.push(tick);
  }
  return kept;
}

// As wide as its place, drawn anew when that changes.
export function parallelCoordinates(page, state) {
  const place = h("div", {
    class: "scroll parallel",
    tabindex: "0",
    role: "region",
    "aria-label": "Parallel coordinates of hyperparameters and objectives",
  });
  let lines = [];
  const update = () => {
    for (const { run, line } of lines) {
      line.style.display = state.isShown(run) ? "" : "none";
      line.style.opacity = state.highlighted === null || state.highlighted === run ? 1 : 0.1;
    }
  };
  const draw = (width) => {
    const drawn = drawParallel(page, state, width);
    lines = drawn.lines;
    place.replaceChildren(drawn.element);
    update();
  };
  new ResizeObserver(() => place.clientWidth && draw(place.clientWidth)).observe(place);
  state.listen(
    (changed) => (changed.includes("hidden") || changed.includes("highlighted")) && update(),
  );
  return place;
}

function drawParallel(page, state, room) {
  const { axes, runs } = page.hparams;
  const { height, top, bottom, left, right, apart } = PARALLEL;
  const width = Math.max(room, left + right + (axes.length - 1) * apart);
  const x = (i) => left + (i * (width - left - right)) / Math.max(1, axes.length - 1);
  const y = (part) => height - bottom - part * (height - top - bottom);
  const lines = runs.map((run) => {
    const places = axes.map(({ at }, i) => (run in at ? [x(i), y(at[run])] : null));
    // What a run does not have is passed over.
    const known = places.filter(Boolean);
    const path = known
      .map((place, i) => `${i ? "L" : "M"}${place[0].toFixed(1)} ${place[1].toFixed(1)}`)
      .join("");
    const line = svg(
      "path",
      {
        d: path,
        fill: "none",
        stroke: runColor(page, run),
        "stroke-width": 2,
        class: "parallel-line",
      },
      svg("title", {}, page.runs[run].name),
    );
    line.addEventListener("pointerenter", () => state.set({ highlighted: run }));
    line.addEventListener("pointerleave", () => state.set({ highlighted: null }));
    return { run, line };
  });
  const label = (text, attributes) =>
    svg("text", { "font-size": 11, fill: "currentColor", ...attributes }, text);
  const drawn = axes.map((axis, i) => [
    svg("line", { x1: x(i), x2: x(i), y1: y(0), y2: y(1), stroke: "var(--rule)" }),
    label(axis.name.length > 22 ? `…${axis.name.slice(-21)}` : axis.name, {
      x: x(i),
      y: 16,
      "text-anchor": "middle",
      "font-weight": axis.objective ? 700 : 500,
    }),
    readableTicks(axis.ticks, y).map(([part, text]) =>
      label(text.length > 12 ? `${text.slice(0, 11)}…` : text, {
        x: i ? x(i) + 6 : x(i) - 6,
        y: y(part) + 4,
        "text-anchor": i ? "start" : "end",
        fill: "var(--muted)",
        class: "tick",
      }),
    ),
  ]);
  const element = svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": "Parallel coordinates: one line a run",
    },
    lines.map(({ line }) => line),
    drawn.flat(3),
  );
  return { element, lines };
}

export function scatterCard(page, state) {
  const { axes, runs, across: chosen } = page.hparams;
  const hparams = axes.filter((axis) => !axis.objective);
  const objectives = axes.filter((axis) => axis.objective);
  const redraw = () => card.draw();
  const chooser = (label, choices) =>
    h(
      "select",
      { "aria-label": label, onchange: redraw },
      choices.map((axis, i) => h("option", { value: i }, axis.name)),
    );
  const across = chooser("Hyperparameter", hparams);
  across.value = chosen;
  const up = chooser("Objective", objectives);
  const group = { tag: "Objective against hyperparameter", series: [] };
  const card = plotCard(page, group, [across, up], () => {
    const xAxisOf = hparams[Number(across.value)];
    const yAxisOf = objectives[Number(up.value)];
    const shown = runs.filter(
      (run) => state.isShown(run) && run in xAxisOf.values && run in yAxisOf.values,
    );
    const style = (axis) => ({
      ...axisStyle(),
      ...(axis.log && { type: "log", dtick: 1, exponentformat: "power" }),
      title: { text: "", standoff: 4 },
      nticks: 6,
    });
    return {
      data: [
        {
          type: "scatter",
          mode: "markers",
          x: shown.map((run) => xAxisOf.values[run]),
          y: shown.map((run) => yAxisOf.values[run]),
          text: shown.map((run) => {
            const place = `${xAxisOf.texts[run]} → ${yAxisOf.texts[run]}`;
            return `${escapeForPlotly(page.runs[run].name)}<br>${escapeForPlotly(place)}`;
          }),
          hovertemplate: "%{text}<extra></extra>",
          marker: {
            color: shown.map((run) => runColor(page, run)),
            size: 9,
            line: { width: 1, color: cssColor("--card") },
          },
        },
      ],
      layout: { hovermode: "closest", xaxis: style(xAxisOf), yaxis: style(yAxisOf) },
    };
  });
  return card;
}

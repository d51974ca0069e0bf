// Hyperparameters against the objectives: parallel coordinates, and a scatter plot.

import { axisStyle, cssColor, runColor } from "./axes.js";
import { axisColor, GREY } from "./coloring.js";
import { escapeForPlotly } from "./labels.js";
import { h, svg } from "./dom.js";
import { plotCard } from "./media.js";

const PARALLEL = { height: 260, top: 34, bottom: 14, left: 84, right: 90, apart: 130, text: 12 };

// Of the ticks of an axis those that do not cover one another; the ends come first.
function readableTicks(ticks, y) {
  const kept = [];
  for (const tick of [...ticks.slice(0, 1), ...ticks.slice(1).reverse()]) {
    if (kept.every(([part]) => Math.abs(y(part) - y(tick[0])) >= PARALLEL.text)) kept.push(tick);
  }
  return kept;
}

// Shows the runs that lie within the parts of the axes that are chosen, and hides all others.
export function brush(page, state, brushes) {
  const chosen = page.hparams.axes.filter(({ name }) => Object.hasOwn(brushes, name));
  const isIn = (run) => chosen.every(({ name, at }) => at[run] >= brushes[name][0] && at[run] <= brushes[name][1]);
  const kept = new Set(page.hparams.runs.filter(isIn));
  const hidden = chosen.length ? [...page.runs.keys()].filter((run) => !kept.has(run)) : [];
  state.set({ brushes, hidden: new Set(hidden) });
}

// Unless colours mean something else, those of the lines are how good the runs are.
function lineColor(page, state, run) {
  const objective = page.hparams.axes.find((axis) => axis.objective);
  if (state.colorBy || !objective) return runColor(page, run);
  return axisColor(page, objective, run) ?? GREY;
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
  state.listen((changed) => {
    // Who shows and hides runs by other means has no use for the parts of axes any more.
    const others = changed.includes("hidden") && !changed.includes("brushes");
    if (others && Object.keys(state.brushes).length) return state.set({ brushes: {} });
    const anew = changed.includes("colorBy") || changed.includes("brushes");
    if (anew && place.clientWidth) draw(place.clientWidth);
    else if (changed.includes("hidden") || changed.includes("highlighted")) update();
  });
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
    const path = known.map((place, i) => `${i ? "L" : "M"}${place[0].toFixed(1)} ${place[1].toFixed(1)}`).join("");
    const line = svg(
      "path",
      {
        d: path,
        fill: "none",
        stroke: lineColor(page, state, run),
        "stroke-width": 2,
        class: "parallel-line",
      },
      svg("title", {}, page.runs[run].name),
    );
    line.addEventListener("pointerenter", () => state.set({ highlighted: run }));
    line.addEventListener("pointerleave", () => state.set({ highlighted: null }));
    return { run, line };
  });
  const label = (text, attributes) => svg("text", { "font-size": 11, fill: "currentColor", ...attributes }, text);
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
        // Where lines come together the text stands beside them, not on them.
        y: y(part) + (part === 1 ? -3 : part === 0 ? 11 : 4),
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
  axes.forEach((axis, i) => element.append(...brushHandles(page, state, axis, x(i), y)));
  return { element, lines };
}

// What is dragged along an axis, and what shows the part that is chosen; a click lets go of it.
function brushHandles(page, state, axis, x, y) {
  const [top, bottom] = [y(1), y(0)];
  const at = (event) => {
    const box = handle.getBoundingClientRect();
    const part = (box.bottom - event.clientY) / box.height;
    return Math.min(1, Math.max(0, part));
  };
  const place = ([low, high]) => {
    chosen.setAttribute("y", y(high) - 3);
    chosen.setAttribute("height", y(low) - y(high) + 6);
    chosen.removeAttribute("hidden");
  };
  const chosen = svg("rect", { x: x - 7, width: 14, class: "brush", hidden: true });
  const handle = svg("rect", { x: x - 12, width: 24, y: top, height: bottom - top, class: "brush-handle" });
  handle.append(svg("title", {}, `Drag to show only runs of a part of ${axis.name}; click to show all`));
  if (Object.hasOwn(state.brushes, axis.name)) place(state.brushes[axis.name]);
  handle.addEventListener("pointerdown", (down) => {
    const begun = at(down);
    handle.setPointerCapture(down.pointerId);
    /** @returns {[number, number]} */
    const ends = (event) => [Math.min(begun, at(event)), Math.max(begun, at(event))];
    const move = (event) => place(ends(event));
    handle.addEventListener("pointermove", move);
    const release = (up) => {
      handle.removeEventListener("pointermove", move);
      const { [axis.name]: _, ...others } = state.brushes;
      const [low, high] = ends(up);
      // Values that stand at the very end of the part are in it, however it was drawn.
      brush(page, state, high - low < 0.01 ? others : { ...others, [axis.name]: [low - 0.01, high + 0.01] });
    };
    handle.addEventListener("pointerup", release, { once: true });
  });
  return [chosen, handle];
}

const BAR = { width: 120, height: 14 };

// How hyperparameters go with the main objective: a bar a correlation, with its interval.
export function importanceCard(page) {
  const place = (correlation) => ((correlation + 1) / 2) * BAR.width;
  const bar = ({ correlation, low, high, clear }) =>
    svg(
      "svg",
      { width: BAR.width, height: BAR.height, "aria-hidden": "true", class: clear ? "bar clear" : "bar" },
      svg("line", { x1: place(0), x2: place(0), y1: 0, y2: BAR.height, class: "zero" }),
      svg("rect", {
        x: Math.min(place(0), place(correlation)),
        width: Math.abs(place(correlation) - place(0)),
        y: 3,
        height: BAR.height - 6,
      }),
      low !== null &&
        svg("line", { x1: place(low), x2: place(high), y1: BAR.height / 2, y2: BAR.height / 2, class: "interval" }),
    );
  const { name } = page.hparams.axes.find((axis) => axis.objective);
  const element = h(
    "article",
    { class: "card" },
    h("header", {}, h("h3", {}, `What goes with better ${name}`)),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": "Importance of hyperparameters" },
      h(
        "table",
        { class: "importance" },
        h(
          "tbody",
          {},
          page.hparams.importance.map((each) =>
            h(
              "tr",
              { title: `Spearman's correlation ${each.text}${each.clear ? "" : "; it may be chance"}` },
              h("th", { scope: "row" }, each.name),
              h("td", {}, bar(each)),
              h("td", { class: "number" }, each.text.split(",")[0]),
            ),
          ),
        ),
      ),
    ),
    h("p", { class: "muted" }, "Rank correlations, to the right where more is better; the thin line is the interval."),
  );
  const card = { tag: { tag: "importance" }, element, stale: false, draw: () => (card.stale = false) };
  return card;
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
    const shown = runs.filter((run) => state.isShown(run) && run in xAxisOf.values && run in yAxisOf.values);
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

// Cards of what is no scalar: images, audio, text, histograms, precision-recall curves.

import { axisStyle, cssColor, runColor, runSwatch } from "./axes.js";
import { PLOTLY_OPTIONS, cardFrame, cardTitle, expandButton, fitted, hasAnything } from "./card.js";
import { rampColor } from "./coloring.js";
import { h, segmented } from "./dom.js";
import { baseLayout } from "./figure.js";
import { formatCount } from "./format.js";

export function byTag(list) {
  const tags = new Map();
  for (const series of list) {
    if (!tags.has(series.tag)) tags.set(series.tag, []);
    tags.get(series.tag).push(series);
  }
  return [...tags].map(([tag, series]) => ({ tag, series }));
}

function shownSeries(state, group) {
  return group.series.filter((series) => state.isShown(series.run));
}

// Index of the last shown step at or before `step`; the first where there is none.
function indexAt(series, step) {
  let found = 0;
  series.steps.forEach((each, i) => {
    if (each <= step) found = i;
  });
  return found;
}

// A slider over all steps of a group; `read()` tells the one it stands at, and shows which that is.
function stepper(state, group, redraw) {
  const steps = [...new Set(group.series.flatMap((series) => series.steps))].sort((a, b) => a - b);
  const label = h("output", {});
  const slider = h("input", {
    type: "range",
    min: 0,
    max: Math.max(0, steps.length - 1),
    value: steps.length - 1,
    "aria-label": `Step of ${group.tag}`,
    oninput: () => {
      if (state.linked) state.set({ mediaStep: steps[Number(slider.value)] });
      redraw();
    },
  });
  return {
    steps,
    element: h("div", { class: "stepper" }, slider, label),
    read() {
      if (state.linked && state.mediaStep !== null)
        slider.value = Math.max(
          0,
          steps.findLastIndex((each) => each <= state.mediaStep),
        );
      const step = steps[Number(slider.value)];
      label.textContent = `step ${formatCount(step ?? 0)}`;
      slider.setAttribute("aria-valuetext", label.textContent);
      return step;
    },
  };
}

// A card with a step slider; `show(step)` gives what is to be seen.
export function steppedCard(page, state, group, className, show) {
  const body = h("div", {
    class: `media ${className}`,
    tabindex: "0",
    role: "region",
    "aria-label": `${group.tag} of the runs`,
  });
  const slider = stepper(state, group, () => card.draw());
  slider.element.hidden = slider.steps.length < 2;
  let asGrid = false;
  const views = segmented(
    "View",
    [
      ["step", "Single"],
      ["grid", "Grid"],
    ],
    "step",
    (chosen) => {
      asGrid = chosen === "grid";
      element.classList.toggle("gridded", asGrid);
      card.draw();
    },
  );
  const { limited } = group.series[0];
  const element = h(
    "article",
    { class: "card media-card" },
    h("header", {}, cardTitle(group.tag), slider.steps.length > 1 && h("span", { class: "tools" }, views)),
    slider.element,
    body,
    limited && h("p", { class: "muted" }, limited),
    group.series.flatMap((series) =>
      (series.undecodable || []).map((text) => h("p", { class: "error" }, `${page.runs[series.run].name}, ${text}`)),
    ),
  );
  const card = {
    tag: group,
    element,
    draw() {
      card.stale = false;
      const step = slider.read();
      const items = shownSeries(state, group).filter((series) => series.items.length);
      if (asGrid) return body.replaceChildren(gridOf(page, items, slider.steps, step, show));
      body.replaceChildren(...items.map((series) => show(series, indexAt(series, step))));
    },
  };
  return card;
}

// Columns of a grid: the page draws no more steps than these at once, up to that of the slider.
const GRID_STEPS = 12;

// Runs below one another, their steps beside one another, up to that at which the slider stands.
function gridOf(page, items, all, step, show) {
  const steps = all.filter((each) => each <= step).slice(-GRID_STEPS);
  const cell = (series, at) => {
    const i = series.steps.indexOf(at);
    return h("td", {}, i >= 0 && show(series, i));
  };
  const head = steps.map((at) => h("th", { scope: "col" }, `step ${formatCount(at)}`));
  const rows = items.map((series) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, runSwatch(page, series.run), page.runs[series.run].short),
      steps.map((at) => cell(series, at)),
    ),
  );
  return h("table", { class: "steps" }, h("thead", {}, h("tr", {}, h("td", {}), head)), h("tbody", {}, rows));
}

export function caption(page, series, i) {
  return h(
    "figcaption",
    {},
    runSwatch(page, series.run),
    h("span", { class: "name", title: page.runs[series.run].name }, page.runs[series.run].name),
    h("small", {}, ` step ${formatCount(series.steps[i])}`),
  );
}

export function imageCard(page, state, group) {
  return steppedCard(page, state, group, "images", (series, i) =>
    h(
      "figure",
      {},
      series.items[i].map(([uri, width, height]) =>
        h("img", {
          src: uri,
          alt: `${series.tag} of ${page.runs[series.run].name} at step ${series.steps[i]}`,
          width,
          height,
          class: Math.max(width, height) <= 128 && "small",
        }),
      ),
      caption(page, series, i),
    ),
  );
}

export function audioCard(page, state, group) {
  return steppedCard(page, state, group, "audio", (series, i) =>
    h(
      "figure",
      {},
      series.items[i].map(([uri, text]) => [
        h("audio", {
          controls: true,
          preload: "none",
          src: uri,
          "aria-label": `${series.tag} of ${page.runs[series.run].name} at step ${series.steps[i]}`,
        }),
        h("small", {}, text),
      ]),
      caption(page, series, i),
    ),
  );
}

// The HTML was made from Markdown and sanitised when the page was made (markdown.py).
export function textCard(page, state, group) {
  return steppedCard(page, state, group, "text", (series, i) => {
    const text = h("div", { class: "prose" });
    text.innerHTML = series.items[i];
    return h("figure", {}, caption(page, series, i), text);
  });
}

/** @returns {any} */
export function plotCard(page, group, tools, draw) {
  const frame = cardFrame({ title: group.tag, tools, notes: "", label: `Chart of ${group.tag}` });
  /** @type {any} */
  const card = {
    tag: group,
    ...frame,
    draw: () => {
      card.stale = false;
      const { data, layout } = draw();
      if (!hasAnything(card, data.length)) return;
      const whole = fitted({ ...baseLayout(), ...layout }, card);
      Plotly.react(card.plot, data, whole, PLOTLY_OPTIONS);
    },
  };
  frame.element
    .querySelector(".tools")
    .append(expandButton(frame.element, () => card.plot._fullLayout && Plotly.Plots.resize(card.plot)));
  return card;
}

// The run whose histograms a card shows: chosen by hand, else the first that is shown.
function runChooser(page, state, group, redraw) {
  const select = h("select", { "aria-label": `Run of ${group.tag}`, onchange: redraw });
  return {
    select,
    update() {
      const shown = shownSeries(state, group);
      const before = select.value;
      select.replaceChildren(...shown.map((series) => h("option", { value: series.run }, page.runs[series.run].name)));
      if (shown.some((series) => String(series.run) === before)) select.value = before;
      return shown.find((series) => String(series.run) === select.value);
    },
  };
}

function quantileTraces(page, series, steps) {
  const color = runColor(page, series.run);
  const all = page.array(series.quantiles);
  const quantile = (q) => steps.map((_, i) => all[i * 9 + q]);
  const line = (q, more) => ({
    type: "scatter",
    mode: steps.length < 2 ? "markers" : "lines",
    x: steps,
    y: quantile(q),
    line: { color, width: 0 },
    hoverinfo: "skip",
    ...more,
  });
  const traces = [];
  [
    ["18", 0, 8],
    ["22", 1, 7],
    ["2e", 2, 6],
    ["38", 3, 5],
  ].forEach(([alpha, low, high]) => {
    traces.push(line(low), line(high, { fill: "tonexty", fillcolor: color + alpha }));
  });
  traces.push(line(4, { line: { color, width: 1.6 } }));
  return traces;
}

function densityTrace(page, series, steps) {
  const values = page.array(series.density);
  const width = (series.high - series.low) / series.bins;
  const y = Array.from({ length: series.bins }, (_, b) => series.low + (b + 0.5) * width);
  const z = y.map((_, b) => steps.map((_, i) => values[i * series.bins + b] / 255));
  const color = runColor(page, series.run);
  return {
    type: "heatmap",
    x: steps,
    y,
    z,
    zmin: 0,
    zmax: 1,
    showscale: false,
    colorscale: [
      [0, `${color}00`],
      [1, color],
    ],
    hoverinfo: "skip",
  };
}

// Ridges that can be told apart in a card, and how far the highest reach over the next.
const MOST_RIDGES = 16;
const OVERLAP = 1.8;

// Histograms as hills one before the other, the first step at the back.
function ridges(page, series, steps) {
  const values = page.array(series.density);
  const width = (series.high - series.low) / series.bins;
  const count = Math.min(MOST_RIDGES, steps.length);
  const chosen = Array.from({ length: count }, (_, k) => Math.round((k * (steps.length - 1)) / Math.max(1, count - 1)));
  const x = Array.from({ length: series.bins }, (_, b) => series.low + (b + 0.5) * width);
  const color = runColor(page, series.run);
  const data = chosen.map((i, k) => {
    const base = count - 1 - k;
    const y = x.map((_, b) => base + (OVERLAP * values[i * series.bins + b]) / 255);
    return {
      type: "scatter",
      mode: "lines",
      x: [x[0], ...x, x[x.length - 1]],
      y: [base, ...y, base],
      fill: "toself",
      fillcolor: cssColor("--card"),
      line: { color, width: 1.2 },
      hoverinfo: "skip",
    };
  });
  const yaxis = {
    ...axisStyle(),
    tickvals: chosen.map((_, k) => count - 1 - k),
    ticktext: chosen.map((i) => formatCount(steps[i])),
  };
  return { data, layout: { xaxis: { ...axisStyle(), nticks: 7 }, yaxis } };
}

// A single histogram has no steps to go along: its values do instead.
function singleTrace(page, series) {
  const { y, z } = densityTrace(page, series, series.steps);
  const color = runColor(page, series.run);
  const heights = z.map(([height]) => height);
  return {
    type: "scatter",
    mode: "lines",
    x: y,
    y: heights,
    fill: "tozeroy",
    fillcolor: `${color}33`,
    line: { color, width: 1.4, shape: "hvh" },
    hoverinfo: "skip",
  };
}

export function histogramCard(page, state, group) {
  let view = "distribution";
  const redraw = () => card.draw();
  const chooser = runChooser(page, state, group, redraw);
  const views = segmented(
    "View",
    [
      ["distribution", "Quantiles"],
      ["histogram", "Density"],
      ["ridges", "Ridges"],
    ],
    view,
    (chosen) => {
      view = chosen;
      redraw();
    },
  );
  chooser.update();
  const several = group.series.some((series) => series.steps.length > 1);
  const tools = [page.runs.length > 1 && chooser.select, several && views];
  const card = plotCard(page, group, tools, () => {
    const series = chooser.update();
    if (!series) return { data: [], layout: {} };
    const steps = series.steps;
    if (steps.length === 1) {
      const yaxis = { ...axisStyle(), showticklabels: false, rangemode: "tozero" };
      return {
        data: [singleTrace(page, series)],
        layout: { xaxis: { ...axisStyle(), nticks: 7 }, yaxis },
      };
    }
    if (view === "ridges") return ridges(page, series, steps);
    const data = view === "histogram" ? [densityTrace(page, series, steps)] : quantileTraces(page, series, steps);
    return {
      data,
      layout: { xaxis: { ...axisStyle(), nticks: 7 }, yaxis: { ...axisStyle(), nticks: 6 } },
    };
  });
  const { limited } = group.series[0];
  if (limited) card.element.append(h("p", { class: "muted" }, limited));
  return card;
}

export function prCurveCard(page, state, group) {
  const slider = stepper(state, group, () => card.draw());
  let all = false;
  const views = segmented(
    "View",
    [
      ["step", "Single"],
      ["steps", "All"],
    ],
    "step",
    (chosen) => {
      all = chosen === "steps";
      card.draw();
    },
  );
  const curve = (series, i, color) => {
    const [recall, precision] = series.items[i].map(page.array);
    return {
      type: "scatter",
      mode: "lines",
      x: recall,
      y: precision,
      line: { color, width: 1.6 },
      hoverinfo: "skip",
    };
  };
  // Over the steps their colours go along the ramp.
  const overSteps = (series) =>
    series.steps.map((step, i) => {
      const [first, last] = [slider.steps[0], slider.steps[slider.steps.length - 1]];
      return curve(series, i, rampColor(page.drawing, (step - first) / (last - first || 1)));
    });
  const card = plotCard(page, group, slider.steps.length > 1 ? [views] : [], () => {
    const step = slider.read();
    slider.element.hidden = all || slider.steps.length < 2;
    const shown = shownSeries(state, group).filter((series) => series.items.length);
    const data = all
      ? shown.flatMap(overSteps)
      : shown.map((series) => curve(series, indexAt(series, step), runColor(page, series.run)));
    const axis = (title) => ({
      ...axisStyle(),
      range: [-0.02, 1.03],
      nticks: 6,
      title: { text: title, standoff: 4, font: { size: 11, color: cssColor("--muted") } },
    });
    return {
      data,
      layout: {
        margin: { l: 46, r: 10, t: 8, b: 40 },
        xaxis: axis("recall"),
        yaxis: axis("precision"),
      },
    };
  });
  card.plot.before(slider.element);
  return card;
}

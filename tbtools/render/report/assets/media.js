// Cards of what is no scalar: images, audio, text, histograms, precision-recall curves.

import { axisStyle, cssColor, runColor, runSwatch } from "./axes.js";
import { PLOTLY_OPTIONS, cardFrame, cardTitle, expandButton, fitted, hasAnything } from "./card.js";
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
function stepper(group, redraw) {
  const steps = [...new Set(group.series.flatMap((series) => series.steps))].sort((a, b) => a - b);
  const label = h("output", {});
  const slider = h("input", {
    type: "range",
    min: 0,
    max: Math.max(0, steps.length - 1),
    value: steps.length - 1,
    "aria-label": `Step of ${group.tag}`,
    oninput: redraw,
  });
  return {
    steps,
    element: h("div", { class: "stepper" }, slider, label),
    read() {
      const step = steps[Number(slider.value)];
      label.textContent = `step ${formatCount(step ?? 0)}`;
      slider.setAttribute("aria-valuetext", label.textContent);
      return step;
    },
  };
}

// A card with a step slider; `show(step)` gives what is to be seen.
function steppedCard(page, state, group, className, show) {
  const body = h("div", {
    class: `media ${className}`,
    tabindex: "0",
    role: "region",
    "aria-label": `${group.tag} of the runs`,
  });
  const slider = stepper(group, () => card.draw());
  slider.element.hidden = slider.steps.length < 2;
  const { limited } = group.series[0];
  const element = h(
    "article",
    { class: "card media-card" },
    h("header", {}, cardTitle(group.tag)),
    slider.element,
    body,
    limited && h("p", { class: "muted" }, limited),
    group.series.flatMap((series) =>
      (series.undecodable || []).map((text) =>
        h("p", { class: "error" }, `${page.runs[series.run].name}, ${text}`),
      ),
    ),
  );
  const card = {
    tag: group,
    element,
    draw() {
      card.stale = false;
      const step = slider.read();
      const items = shownSeries(state, group).filter((series) => series.items.length);
      body.replaceChildren(...items.map((series) => show(series, indexAt(series, step))));
    },
  };
  return card;
}

function caption(page, series, i) {
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
    .append(
      expandButton(frame.element, () => card.plot._fullLayout && Plotly.Plots.resize(card.plot)),
    );
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
      select.replaceChildren(
        ...shown.map((series) => h("option", { value: series.run }, page.runs[series.run].name)),
      );
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
    const data =
      view === "histogram"
        ? [densityTrace(page, series, steps)]
        : quantileTraces(page, series, steps);
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
  const slider = stepper(group, () => card.draw());
  const card = plotCard(page, group, [], () => {
    const step = slider.read();
    const data = shownSeries(state, group)
      .filter((series) => series.items.length)
      .map((series) => {
        const [recall, precision] = series.items[indexAt(series, step)].map(page.array);
        return {
          type: "scatter",
          mode: "lines",
          x: recall,
          y: precision,
          line: { color: runColor(page, series.run), width: 1.6 },
          hoverinfo: "skip",
        };
      });
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

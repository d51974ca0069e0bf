// What Plotly is given for one tag.

import { axisStyle, cssColor, xAxis, xRange } from "./axes.js";
import { beyondNotes, findingShapes, nonfiniteTrace, onsetMarks, restartShapes } from "./marks.js";
import { smooth, yRange } from "./smooth.js";

// What is drawn for a tag now: shown series, or groups of seeds, each with its name and colour. A group
// stands in for its runs, and has the colour of the first.
function drawnLines(page, state, tag) {
  const groups = state.grouped ? tag.groups || [] : [];
  const grouped = new Set(groups.flatMap((each) => page.groups[each.group].runs));
  const line = (name, runs, series) => {
    const { color, dash } = page.runs[runs[0]];
    return { name, runs, color, dash, series };
  };
  const lines = groups
    .map((series) => [page.groups[series.group], series])
    .filter(([{ runs }]) => runs.some((run) => state.isShown(run)))
    .map(([{ name, runs }, series]) => line(name, runs, series));
  for (const series of tag.series) {
    if (grouped.has(series.run) || !state.isShown(series.run)) continue;
    lines.push(line(page.runs[series.run].name, [series.run], series));
  }
  return lines;
}

// Where the line of a series breaks along an axis: at points, or everywhere ("dots").
function breaksOf(series, axis) {
  return series.breaks?.[axis.breaks] ?? [];
}

export function points(series, axis, y) {
  const x = new Float64Array(y.length);
  for (let i = 0; i < x.length; i++) x[i] = axis.of(series, i);
  const breaks = breaksOf(series, axis);
  if (breaks === "dots" || !breaks.length) return { x, y };
  const begins = new Set(breaks);
  const xs = [];
  const ys = [];
  for (let i = 0; i < y.length; i++) {
    if (begins.has(i)) {
      xs.push(x[i]);
      ys.push(NaN);
    }
    xs.push(x[i]);
    ys.push(y[i]);
  }
  return { x: xs, y: ys };
}

const SPARSE = 30;

// A line; the values that were written have marks where they are few, smoothed ones never.
function lineTrace(line, axis, y, { faint = false, marked = true, width = 1.6 }) {
  const dots = breaksOf(line.series, axis) === "dots";
  const alone = marked && y.length <= SPARSE;
  return {
    type: "scatter",
    mode: dots ? "markers" : alone ? "lines+markers" : "lines",
    ...points(line.series, axis, y),
    line: { color: line.color, width: faint ? 1 : width, shape: "linear", dash: line.dash },
    marker: { color: line.color, size: dots ? 3.5 : 5 },
    opacity: faint ? (alone ? 0.5 : 0.28) : 1,
    hoverinfo: "skip",
    runs: line.runs,
  };
}

// The more bands lie over one another, the fainter each has to be.
function bandAlpha(count) {
  const alpha = Math.round(Math.max(10, Math.min(51, 204 / count)));
  return alpha.toString(16).padStart(2, "0");
}

// What lies between two lines; where they break, another piece begins.
export function bandTrace(line, axis, low, high, alpha) {
  const below = points(line.series, axis, low);
  const above = points(line.series, axis, high);
  const outline = { x: [], y: [] };
  let begin = 0;
  for (let i = 0; i <= above.y.length; i++) {
    if (i < above.y.length && Number.isFinite(above.y[i]) && Number.isFinite(below.y[i])) continue;
    if (i > begin && outline.x.length) {
      outline.x.push(above.x[begin]);
      outline.y.push(NaN);
    }
    for (let k = begin; k < i; k++) {
      outline.x.push(above.x[k]);
      outline.y.push(above.y[k]);
    }
    for (let k = i - 1; k >= begin; k--) {
      outline.x.push(below.x[k]);
      outline.y.push(below.y[k]);
    }
    begin = i + 1;
  }
  return {
    type: "scatter",
    mode: "lines",
    ...outline,
    fill: "toself",
    fillcolor: `${line.color}${alpha}`,
    line: { width: 0 },
    hoverinfo: "skip",
    runs: line.runs,
  };
}

// A standard deviation below and above the mean, both smoothed alike.
function band({ series, smooth: mean }, weight) {
  const spread = smooth({ value: series.spread, count: series.count }, weight);
  return [mean.map((each, i) => each - spread[i]), mean.map((each, i) => each + spread[i])];
}

export function baseLayout() {
  return {
    margin: { l: 12, r: 10, t: 10, b: 26 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: {
      family: getComputedStyle(document.body).fontFamily,
      size: 11,
      color: cssColor("--ink"),
    },
    showlegend: false,
    hovermode: false,
    dragmode: "zoom",
    autosize: true,
  };
}

// Values as they can be drawn: on a logarithmic axis nothing stands where the series is 0 or less.
export function drawable(values, { value }, log) {
  return log ? values.map((each, i) => (value[i] > 0 ? each : NaN)) : values;
}

// What stands behind the lines: bands of groups, raw lines, and the extremes of thinned ones.
function behind(page, state, lines, axis) {
  /** @type {any[]} */
  const data = [];
  const arrays = [];
  const few = lines.length <= page.drawing.most_raw_lines;
  const shaded = lines.filter(({ series }) => series.spread || series.low);
  const add = (line, low, high) => {
    const [least, greatest] = [low, high].map((each) => drawable(each, { value: low }, state.log));
    data.push(bandTrace(line, axis, least, greatest, bandAlpha(shaded.length)));
    arrays.push(least, greatest);
  };
  for (const line of lines) {
    const { series } = line;
    if (series.spread) add(line, ...band(line, state.weightOf(series)));
    else if (series.low && few) add(line, series.low, series.high);
    else if (few && state.weightOf(series) > 0) {
      const raw = drawable(series.value, series, state.log);
      data.push(lineTrace(line, axis, raw, { faint: true }));
      arrays.push(raw);
    }
  }
  return { data, arrays };
}

// The whole figure of a tag. `lines` goes along for the tooltip: what is drawn, with its numbers.
export function scalarFigure(page, state, tag) {
  const lines = drawnLines(page, state, tag);
  const axis = xAxis(page, state, lines);
  for (const line of lines) {
    line.x = Float64Array.from(line.series.step, (_, i) => axis.of(line.series, i));
    line.smooth = smooth(line.series, state.weightOf(line.series));
    line.drawn = drawable(line.smooth, line.series, state.log);
  }
  const { data, arrays } = behind(page, state, lines, axis);
  const width = lines.length > page.drawing.most_lines ? 1 : 1.6;
  for (const line of lines) {
    const marked = !state.weightOf(line.series);
    data.push(lineTrace(line, axis, line.drawn, { width, marked }));
  }
  data.push(...nonfiniteTrace(lines, axis));
  const shown = [...arrays, ...lines.map((line) => line.drawn)];
  const range = yRange(shown, { ...state, squeezed: page.drawing.squeezed });
  const layout = {
    ...baseLayout(),
    shapes: [...findingShapes(page, state, tag, axis), ...restartShapes(state, lines, axis)],
    annotations: [
      ...onsetMarks(page, state, tag, axis),
      ...(range ? beyondNotes(shown, range, state.log) : []),
    ],
    xaxis: {
      ...axisStyle(),
      type: axis.type,
      nticks: axis.type === "date" ? 4 : 7,
      ...xRange(lines, state.x === "step"),
    },
    yaxis: {
      ...axisStyle(),
      type: state.log ? "log" : "linear",
      nticks: 6,
      exponentformat: "power",
      minexponent: 5,
      ...(range ? { range } : {}),
    },
  };
  if (axis.title) {
    layout.annotations.push({
      text: axis.title,
      xref: "paper",
      yref: "paper",
      x: 1,
      y: 0,
      xanchor: "right",
      yanchor: "bottom",
      showarrow: false,
      font: { size: 10, color: cssColor("--muted") },
    });
  }
  return { data, layout, lines };
}

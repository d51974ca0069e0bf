// What Plotly is given for one tag.

import { axisStyle, cssColor, xAxis, xRange } from "./axes.js";
import { axisColor, groupAxes, runsByValue } from "./coloring.js";
import { groupSeries } from "./grouping.js";
import { beyondNotes, findingShapes, nonfiniteTrace, onsetMarks, restartShapes } from "./marks.js";
import { formatCount } from "./format.js";
import { endLabels, LABEL } from "./labels.js";
import { nearest } from "./tooltip.js";
import { AS_IT_IS, linearBelow, symmetricLog, symmetricTicks } from "./scale.js";
import { formatRounded } from "./format.js";
import { smooth, yRange } from "./smooth.js";
import { firstView, within } from "./view.js";

// What is drawn for a tag now: shown series, or groups of seeds, each with its name and colour. A group
// stands in for its runs, and has the colour of the first.
function drawnLines(page, state, tag) {
  const axis = groupAxes(page).find(({ name }) => name === state.groupBy);
  if (axis) return groupedLines(page, state, tag, axis);
  const groups = state.grouped ? tag.groups || [] : [];
  const grouped = new Set(groups.flatMap((each) => page.groups[each.group].runs));
  const line = (name, runs, series) => {
    const { color, dash } = page.runs[runs[0]];
    const own = series.part === undefined ? { name, dash } : { name: `${name} · ${series.part}`, dash: series.dash };
    return { ...own, runs, color, series, width: 1.6 };
  };
  const lines = groups
    .map((series) => [page.groups[series.group], series])
    .filter(([{ runs }]) => runs.some((run) => state.isShown(run)))
    .map(([{ name, runs }, series]) => line(name, runs, series));
  for (const series of tag.series) {
    if (grouped.has(series.run) || !state.isShown(series.run)) continue;
    const { short, cut } = page.runs[series.run];
    lines.push({ ...line(short, [series.run], series), cut });
  }
  return withDashes(lines);
}

// A line for all shown runs that have the same on an axis, of each tag in the chart.
function groupedLines(page, state, tag, axis) {
  const shown = tag.series.filter(({ run }) => state.isShown(run));
  return [...new Set(shown.map(({ part }) => part))].flatMap((part) => {
    const series = new Map(shown.filter((each) => each.part === part).map((each) => [each.run, each]));
    return runsByValue(axis, [...series.keys()]).map(({ name, runs }) => ({
      name: `${name} (${formatCount(runs.length)})${part === undefined ? "" : ` · ${part}`}`,
      runs,
      color: (!state.colorBy && axisColor(page, axis, runs[0])) || page.runs[runs[0]].color,
      dash: series.get(runs[0]).dash ?? "solid",
      series: groupOf(runs.map((run) => series.get(run))),
      width: 1.6,
    }));
  });
}

// What was made last of a series and those that come behind it: sliders draw the same groups again and again.
const made = new WeakMap();

function groupOf(series) {
  const last = made.get(series[0]);
  if (last?.of.length === series.length && last.of.every((each, i) => each === series[i])) return last.group;
  const group = Object.assign(groupSeries(series), { members: series.map(({ run }) => run) });
  made.set(series[0], { of: series, group });
  return group;
}

// Noise is hard to read in dashes: they are for lines whose colour another one in the chart has.
export function withDashes(lines) {
  const count = new Map();
  for (const { color } of lines) count.set(color, (count.get(color) ?? 0) + 1);
  for (const line of lines) if (count.get(line.color) === 1) line.dash = "solid";
  return lines;
}

// Of more lines than can be told apart the best runs and those that are pinned stand out; the others are
// a crowd. Pinned ones are always thicker.
export function dressLines(page, state, lines) {
  const isPinned = ({ runs }) => runs.some((run) => state.pinned.has(run));
  const isLeader = ({ runs }) => runs.some((run) => page.leaders.includes(run));
  for (const line of lines.filter(isPinned)) line.width = 2.6;
  if (lines.length <= page.drawing.most_lines) return lines;
  const leaders = lines.some(isLeader) ? lines.filter(isLeader) : lines.slice(0, FEW_LEADERS);
  for (const line of lines) {
    if (isPinned(line) || leaders.includes(line)) continue;
    // Runs that are coloured by what they have tell that in a crowd, too.
    const color = state.colorBy ? line.color : cssColor("--crowd");
    Object.assign(line, { crowd: true, color, dash: "solid", width: 1 });
  }
  return lines;
}

const FEW_LEADERS = 5;
// Grey lines beyond these would only be a darker grey.
const MOST_CROWD = 150;
const CROWD_POINTS = 12_000;
const GRID = 80;

// From where to where 8 of 10 lines go, at points along the axis, up to an end, at which there are ten lines
// or more.
export function envelope(lines, end = Infinity) {
  const ends = lines.flatMap(({ x }) => [x[0], x[x.length - 1]]);
  const [from, to] = [Math.min(...ends), Math.min(Math.max(...ends), end)];
  const found = { x: [], low: [], high: [] };
  for (let i = 0; i < GRID; i++) {
    const at = from + ((to - from) * i) / (GRID - 1);
    const values = [];
    for (const { x, drawn, rises } of lines) {
      if (!rises || at < x[0] || at > x[x.length - 1]) continue;
      const value = drawn[nearest(x, at, true)];
      if (Number.isFinite(value)) values.push(value);
    }
    if (values.length < 10) continue;
    values.sort((a, b) => a - b);
    found.x.push(at);
    found.low.push(values[Math.round((values.length - 1) * 0.1)]);
    found.high.push(values[Math.round((values.length - 1) * 0.9)]);
  }
  return found;
}

function someOf(lines) {
  const jump = Math.max(1, lines.length / MOST_CROWD);
  return lines.filter((_, i) => Math.floor(i / jump) !== Math.floor((i - 1) / jump));
}

// What the grey in a chart is.
function crowdNote(lines, colored) {
  const drawn = someOf(lines).length;
  const part = drawn < lines.length ? `${formatCount(drawn)} of ` : "";
  return {
    text: `${colored ? "thin" : "grey"}: ${part}${formatCount(lines.length)} other runs; shade: 8 of 10 of them`,
    x: 0,
    y: 1,
    xref: "paper",
    yref: "paper",
    xanchor: "left",
    yanchor: "bottom",
    yshift: -3,
    showarrow: false,
    font: { size: 10, color: cssColor("--muted") },
  };
}

// The crowd as one trace a colour, and the envelope behind it: a trace a line would take seconds.
function crowdTraces(lines, axis, end) {
  if (!lines.length) return [];
  const { x, low, high } = envelope(lines, end);
  const some = someOf(lines);
  const jump = Math.ceil(some.reduce((sum, { drawn }) => sum + drawn.length, 0) / CROWD_POINTS);
  const colors = [...new Set(some.map(({ color }) => color))];
  const common = { type: "scatter", hoverinfo: "skip", mode: "lines" };
  const opacity = Math.max(colors.length > 1 ? 0.3 : 0.08, Math.min(0.5, 14 / lines.length));
  const traces = colors.map((color) => {
    const drawn = crowdLines(
      some.filter((line) => line.color === color),
      axis,
      jump,
    );
    return { ...common, ...drawn, line: { color, width: 1 }, opacity, crowd: true };
  });
  const shade = {
    ...common,
    x: [...x, ...x.slice().reverse()],
    y: [...high, ...low.slice().reverse()],
    fill: "toself",
    fillcolor: `${cssColor("--crowd")}30`,
    line: { width: 0 },
    crowd: true,
  };
  return [...traces, shade];
}

// Many lines one behind the other, every so many points of them.
function crowdLines(lines, axis, jump) {
  const xs = [];
  const ys = [];
  for (const line of lines) {
    const drawn = points(line.series, axis, line.drawn);
    for (let i = 0; i < drawn.x.length; i += jump) {
      xs.push(drawn.x[i]);
      ys.push(drawn.y[i]);
    }
    xs.push(drawn.x[drawn.x.length - 1]);
    ys.push(NaN);
  }
  return { x: xs, y: ys };
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
    line: { color: line.color, width: faint ? 1 : width, dash: faint ? "solid" : line.dash },
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
  const drawn = [];
  const few = lines.length <= page.drawing.most_raw_lines;
  const shaded = lines.filter(({ series }) => series.spread || series.low || series.margin);
  const add = (line, low, high) => {
    const [least, greatest] = [low, high].map((each) => drawable(each, { value: low }, state.log));
    data.push(bandTrace(line, axis, least, greatest, bandAlpha(shaded.length)));
    drawn.push({ x: line.x, y: least }, { x: line.x, y: greatest });
  };
  for (const line of lines) {
    const { series } = line;
    if (series.margin) add(line, ...series.margin);
    else if (series.spread) add(line, ...band(line, state.weightOf(series)));
    else if (series.low && few) add(line, series.low, series.high);
    else if (few && state.weightOf(series) > 0) {
      const raw = drawable(series.value, series, state.log);
      data.push(lineTrace(line, axis, raw, { faint: true }));
      drawn.push({ x: line.x, y: raw });
    }
  }
  return { data, drawn };
}

// The whole figure of a tag. `lines` goes along for the tooltip: what is drawn, with its numbers; `view` for
// the words on what the chart does not show at first; up to where it is zoomed may be beyond.
export function scalarFigure(page, state, tag, zoomedTo = -Infinity) {
  const lines = dressLines(page, state, drawnLines(page, state, tag));
  const crowd = lines.filter((line) => line.crowd);
  const apart = lines.filter((line) => !line.crowd);
  const axis = xAxis(page, state, lines);
  for (const line of lines) {
    line.x = Float64Array.from(line.series.step, (_, i) => axis.of(line.series, i));
    line.rises = !line.series.breaks && !axis.turns;
    line.smooth = smooth(line.series, state.weightOf(line.series));
    line.drawn = drawable(line.smooth, line.series, state.log);
  }
  const span = xRange(lines, state.x === "step");
  const view = firstView(lines, state, page.drawing);
  const isWhole = !view || zoomedTo > view.range[1];
  const seen = isWhole ? span : { range: view.range };
  const end = seen.range ? seen.range[1] : Infinity;
  const { data, drawn: whole } = behind(page, state, lines, axis);
  data.push(...crowdTraces(crowd, axis, end));
  for (const line of apart) {
    const marked = !state.weightOf(line.series);
    data.push(lineTrace(line, axis, line.drawn, { width: line.width, marked }));
  }
  data.push(...nonfiniteTrace(apart, axis));
  whole.push(...lines.map((line) => ({ x: line.x, y: line.drawn })));
  const drawn = isWhole ? whole : within(whole, view);
  const scale = state.symlog ? symmetricLog(linearBelow(drawn.map(({ y }) => y))) : AS_IT_IS;
  if (state.symlog) for (const each of drawn) each.y = Array.from(each.y, scale.to);
  if (state.symlog) for (const trace of data) trace.y = Array.from(trace.y, scale.to);
  const limits = state.limitsOf(tag);
  const range = limitedRange(
    yRange(
      drawn.map(({ y }) => y),
      { ...state, ...page.drawing },
    ),
    limits,
    state.log,
    scale,
  );
  // Of a crowd only those that stand out are marked: marks of hundreds say nothing.
  const marked = new Set(apart.flatMap(({ runs }) => runs));
  const told = crowd.length ? { ...state, isShown: (run) => marked.has(run) } : state;
  const middle = seen.range ? (seen.range[0] + end) / 2 : -Infinity;
  const beyond = range ? beyondNotes(drawn, range, state.log, scale) : [];
  const down = beyond.some(({ y }) => y) ? LABEL : 0;
  const layout = {
    ...baseLayout(),
    // Along another scalar not everything has a place.
    shapes: [...findingShapes(page, told, tag, axis), ...restartShapes(state, apart, axis)].filter(
      ({ x0 }) => !Number.isNaN(x0),
    ),
    annotations: [
      ...onsetMarks(page, told, tag, axis).filter(({ x }) => !Number.isNaN(x)),
      ...beyond,
      ...(crowd.length
        ? [
            crowdNote(crowd, Boolean(state.colorBy)),
            ...endLabels(apart, state.log ? Math.log10 : scale.to, range, down, { middle, end }),
          ]
        : []),
    ],
    xaxis: {
      ...axisStyle(),
      type: axis.type,
      nticks: axis.type === "date" ? 4 : 7,
      ...seen,
    },
    yaxis: {
      ...axisStyle(),
      type: state.log ? "log" : "linear",
      nticks: 6,
      exponentformat: "power",
      minexponent: 5,
      ...(range ? { range } : {}),
      ...(range && state.symlog ? symmetricAxis(scale, range) : {}),
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
  return { data, layout, lines, scale, view: view && { ...view, isWhole, unit: axis.title } };
}

function symmetricAxis(scale, range) {
  const values = symmetricTicks(scale, range);
  return { tickvals: values.map(scale.to), ticktext: values.map((each) => formatRounded(each, 3)) };
}

// The range with the ends that the reader has set for a chart.
function limitedRange(range, limits, log, scale) {
  const ends = limits.map((end) => (end === null || (log && end <= 0) ? null : log ? Math.log10(end) : scale.to(end)));
  if (!range || ends.every((end) => end === null)) return range;
  const found = [ends[0] ?? range[0], ends[1] ?? range[1]];
  return found[0] < found[1] ? found : range;
}

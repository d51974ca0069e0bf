// What Plotly is given for one tag.

// Faint raw lines behind smoothed ones say something while they can be told apart.
const MOST_RAW_LINES = 20;
const MANY_LINES = 30;
const MOST_SHADES = 4;
// More onset lines than these stay short, or they would be all that one sees.
const MOST_ONSETS = 8;
const UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

function runColor(page, run) {
  return page.colors[run % page.colors.length];
}

// What is drawn for a tag now: shown series, or groups of seeds, each with its name and colour.
function drawnLines(page, state, tag) {
  const groups = state.grouped ? tag.groups || [] : [];
  const grouped = new Set(groups.flatMap((each) => page.groups[each.group].runs));
  const lines = groups
    .filter((each) => page.groups[each.group].runs.some((run) => state.isShown(run)))
    .map((each) => ({
      name: page.groups[each.group].name,
      runs: page.groups[each.group].runs,
      color: runColor(page, each.group),
      series: each,
    }));
  for (const series of tag.series) {
    if (grouped.has(series.run) || !state.isShown(series.run)) continue;
    const name = page.runs[series.run].name;
    lines.push({ name, runs: [series.run], color: runColor(page, series.run), series });
  }
  return lines;
}

function cssColor(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// A unit of time in which the longest of some series has a handful of ticks.
function timeUnit(lines) {
  const longest = Math.max(0, ...lines.map(({ series }) => series.ms[series.ms.length - 1] / 1000));
  return UNITS.find(([, size]) => longest >= 2 * size) || UNITS[UNITS.length - 1];
}

// Milliseconds that have a date: the wall times of strangers may be anything. Plotly's dates end
// with the year 9999, and the chart needs a margin.
const LAST_DATE = 2.4e14;

function asDate(milliseconds) {
  return Math.min(LAST_DATE, Math.max(-LAST_DATE, milliseconds));
}

function xAxis(state, lines) {
  if (state.x === "relative") {
    const [name, size] = timeUnit(lines);
    return {
      type: "linear",
      title: name,
      of: (series, i) => series.ms[i] / 1000 / size,
      second: 1 / size,
    };
  }
  if (state.x === "wall") {
    const of = (series, i) => asDate(series.start * 1000 + series.ms[i]);
    return { type: "date", title: "UTC", of };
  }
  return { type: "linear", title: "", of: (series, i) => series.step[i] };
}

// Where on the x axis something is that has a step and a second in its series.
function xAt(state, axis, series, step, second) {
  if (state.x === "relative") return second * axis.second;
  if (state.x === "wall") return asDate((series.start + second) * 1000);
  return step;
}

// The line breaks where the steps go back: what follows is another pass.
function broken(series) {
  for (let i = 1; i < series.step.length; i++) {
    if (series.step[i] < series.step[i - 1]) return true;
  }
  return false;
}

function points(series, axis, y) {
  const x = new Float64Array(y.length);
  for (let i = 0; i < x.length; i++) x[i] = axis.of(series, i);
  if (!broken(series)) return { x, y };
  const xs = [];
  const ys = [];
  for (let i = 0; i < y.length; i++) {
    if (i && series.step[i] < series.step[i - 1]) {
      xs.push(x[i]);
      ys.push(NaN);
    }
    xs.push(x[i]);
    ys.push(y[i]);
  }
  return { x: xs, y: ys };
}

const SPARSE = 30;

function lineTrace(line, axis, y, { faint = false, width = 1.6 }) {
  const alone = y.length <= (faint ? 1 : SPARSE);
  return {
    type: "scatter",
    mode: alone ? "lines+markers" : "lines",
    ...points(line.series, axis, y),
    line: { color: line.color, width: faint ? 1 : width, shape: "linear" },
    marker: { color: line.color, size: 5 },
    opacity: faint ? 0.28 : 1,
    hoverinfo: "skip",
    runs: line.runs,
  };
}

// The more bands lie over one another, the fainter each has to be.
function bandAlpha(count) {
  const alpha = Math.round(Math.max(10, Math.min(51, 204 / count)));
  return alpha.toString(16).padStart(2, "0");
}

function bandTrace(line, axis, low, high, alpha) {
  const below = points(line.series, axis, low);
  const above = points(line.series, axis, high);
  return {
    type: "scatter",
    mode: "lines",
    x: [...above.x, ...Array.from(below.x).reverse()],
    y: [...above.y, ...Array.from(below.y).reverse()],
    fill: "toself",
    fillcolor: `${line.color}${alpha}`,
    line: { width: 0 },
    hoverinfo: "skip",
    runs: line.runs,
  };
}

// A standard deviation below and above the mean, both smoothed alike.
function band({ series, smooth: mean }, weight) {
  const { gap, spread: value, spread_mean: gapMean } = series;
  const spread = smooth({ value, gap, mean: gapMean }, weight);
  return [mean.map((each, i) => each - spread[i]), mean.map((each, i) => each + spread[i])];
}

// Where values are NaN or infinite: a mark at the height at which the line breaks off.
function nonfiniteTrace(lines, axis) {
  const trace = { x: [], y: [], symbols: [], colors: [] };
  for (const { series, color, smooth: drawn } of lines) {
    if (!series.nonfinite) continue;
    let height = Array.prototype.find.call(drawn, Number.isFinite) ?? 0;
    for (let i = 0; i < series.value.length; i++) {
      const value = series.value[i];
      if (Number.isFinite(value)) {
        height = drawn[i];
        continue;
      }
      // Inside a long stretch of them nothing is marked but its ends.
      const inside = i > 0 && i < series.value.length - 1;
      if (inside && !Number.isFinite(series.value[i - 1]) && !Number.isFinite(series.value[i + 1]))
        continue;
      trace.x.push(axis.of(series, i));
      trace.y.push(height);
      trace.symbols.push(
        Number.isNaN(value) ? "x-thin" : value > 0 ? "triangle-up" : "triangle-down",
      );
      trace.colors.push(color);
    }
  }
  if (!trace.x.length) return [];
  const marker = { symbol: trace.symbols, color: trace.colors, size: 7 };
  marker.line = { color: trace.colors, width: 1.5 };
  const { x, y } = trace;
  return [{ type: "scatter", mode: "markers", x, y, marker, cliponaxis: false, hoverinfo: "skip" }];
}

function seriesOf(tag, run) {
  return tag.series.find((series) => series.run === run);
}

function shownFindings(state, tag) {
  return (tag.findings || []).filter(
    ({ runNumber }) => state.isShown(runNumber) && seriesOf(tag, runNumber),
  );
}

// Above each onset line a mark in the colour of the run, as long as they can be told apart.
function onsetMarks(page, state, tag, axis) {
  const shown = shownFindings(state, tag);
  if (shown.length > MOST_ONSETS) return [];
  return shown.map(({ runNumber, onset_step: step, onset_second: second }) => ({
    text: "▼",
    x: xAt(state, axis, seriesOf(tag, runNumber), step, second),
    y: 1,
    yref: "paper",
    yanchor: "bottom",
    yshift: -4,
    showarrow: false,
    font: { size: 10, color: runColor(page, runNumber) },
  }));
}

// Onset lines and shaded plateaus of the findings.
function findingShapes(page, state, tag, axis) {
  const shapes = [];
  const shown = shownFindings(state, tag);
  // Many shades on top of each other would hide what they are about.
  const shaded = shown.filter(({ kind }) => kind === "plateau").length <= MOST_SHADES;
  for (const finding of shown) {
    const series = seriesOf(tag, finding.runNumber);
    const x0 = xAt(state, axis, series, finding.onset_step, finding.onset_second);
    const x1 = xAt(state, axis, series, finding.end_step, finding.end_second);
    const color = page.severity_colors[finding.severity];
    if (finding.kind === "plateau" && shaded) {
      shapes.push({
        type: "rect",
        x0,
        x1,
        y0: 0,
        y1: 1,
        yref: "paper",
        layer: "below",
        fillcolor: color,
        opacity: 0.07,
        line: { width: 0 },
      });
    }
    const dash = finding.severity === "error" ? "dash" : "dot";
    const y0 = shown.length > MOST_ONSETS ? 0.94 : 0;
    shapes.push({
      type: "line",
      x0,
      x1: x0,
      y0,
      y1: 1,
      yref: "paper",
      line: { color, width: 1.2, dash },
    });
  }
  return shapes;
}

// Where runs were resumed.
function restartShapes(state, lines, axis) {
  const shapes = [];
  for (const { series, color } of lines) {
    for (const [step, second] of series.sessions || []) {
      const x = xAt(state, axis, series, step, second);
      shapes.push({
        type: "line",
        x0: x,
        x1: x,
        y0: 0,
        y1: 0.07,
        yref: "paper",
        line: { color, width: 2 },
      });
    }
  }
  return shapes;
}

function axisStyle() {
  const grid = cssColor("--grid");
  return {
    gridcolor: grid,
    zerolinecolor: grid,
    zerolinewidth: 1,
    linecolor: cssColor("--rule"),
    tickfont: { size: 11, color: cssColor("--muted") },
    automargin: false,
    fixedrange: false,
  };
}

function baseLayout() {
  return {
    margin: { l: 46, r: 10, t: 10, b: 26 },
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

// How far the lines go beyond the range that is shown, as a note at either end.
function beyondNotes(arrays, range, log) {
  let low = Infinity;
  let high = -Infinity;
  for (const values of arrays) {
    for (const value of values) {
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const [bottom, top] = log ? range.map((end) => 10 ** end) : range;
  const note = (text, y) => ({
    text,
    x: 1,
    y,
    xref: "paper",
    yref: "paper",
    xanchor: "right",
    yanchor: y ? "top" : "bottom",
    showarrow: false,
    font: { size: 10, color: cssColor("--muted") },
  });
  return [
    ...(high > top ? [note(`↑ ${formatNumber(high, 3)}`, 1)] : []),
    ...(low < bottom ? [note(`↓ ${formatNumber(low, 3)}`, 0)] : []),
  ];
}

// The whole figure of a tag. `lines` goes along for the tooltip: what is drawn, with its numbers.
function scalarFigure(page, state, tag) {
  const lines = drawnLines(page, state, tag);
  const axis = xAxis(state, lines);
  const data = [];
  const raw = [];
  const alpha = bandAlpha(lines.filter(({ series }) => series.spread).length);
  for (const line of lines) {
    line.x = Float64Array.from(line.series.step, (_, i) => axis.of(line.series, i));
    line.smooth = smooth(line.series, state.smoothing);
    if (line.series.spread) {
      const [low, high] = band(line, state.smoothing);
      data.push(bandTrace(line, axis, low, high, alpha));
      raw.push(low, high);
    } else if (state.smoothing > 0 && lines.length <= MOST_RAW_LINES) {
      data.push(lineTrace(line, axis, line.series.value, { faint: true }));
      raw.push(line.series.value);
    }
  }
  const width = lines.length > MANY_LINES ? 1 : 1.6;
  for (const line of lines) data.push(lineTrace(line, axis, line.smooth, { width }));
  data.push(...nonfiniteTrace(lines, axis));
  const shown = lines.map((line) => line.smooth);
  const range = yRange(state.ignoreOutliers ? shown : [...shown, ...raw], state);
  const layout = {
    ...baseLayout(),
    shapes: [...findingShapes(page, state, tag, axis), ...restartShapes(state, lines, axis)],
    annotations: [
      ...onsetMarks(page, state, tag, axis),
      ...(range ? beyondNotes(shown, range, state.log) : []),
    ],
    xaxis: { ...axisStyle(), type: axis.type, nticks: 7, ...xRange(lines, state.x === "step") },
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

// There is nothing between one step and the next: a short axis of steps has a tick at each.
const FEW_STEPS = 7;

function xRange(lines, ofSteps) {
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

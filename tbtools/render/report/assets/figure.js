// What Plotly is given for one tag.

const MANY_LINES = 30;

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

// Where the line of a series breaks along an axis: at points, or everywhere ("dots").
function breaksOf(series, axis) {
  return series.breaks?.[axis.breaks] ?? [];
}

function points(series, axis, y) {
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

function lineTrace(line, axis, y, { faint = false, width = 1.6 }) {
  const dots = breaksOf(line.series, axis) === "dots";
  const alone = y.length <= (faint ? 1 : SPARSE);
  return {
    type: "scatter",
    mode: dots ? "markers" : alone ? "lines+markers" : "lines",
    ...points(line.series, axis, y),
    line: { color: line.color, width: faint ? 1 : width, shape: "linear" },
    marker: { color: line.color, size: dots ? 3.5 : 5 },
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

function baseLayout() {
  return {
    margin: { l: 54, r: 10, t: 10, b: 26 },
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

// The whole figure of a tag. `lines` goes along for the tooltip: what is drawn, with its numbers.
function scalarFigure(page, state, tag) {
  const lines = drawnLines(page, state, tag);
  const axis = xAxis(page, state, lines);
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
    } else if (state.smoothing > 0 && lines.length <= page.drawing.most_raw_lines) {
      data.push(lineTrace(line, axis, line.series.value, { faint: true }));
      raw.push(line.series.value);
    }
  }
  const width = lines.length > MANY_LINES ? 1 : 1.6;
  for (const line of lines) data.push(lineTrace(line, axis, line.smooth, { width }));
  data.push(...nonfiniteTrace(lines, axis));
  const shown = lines.flatMap((line) =>
    breaksOf(line.series, axis) === "dots" ? [line.smooth, line.series.value] : [line.smooth],
  );
  const { squeezed } = page.drawing;
  const range = yRange(state.ignoreOutliers ? shown : [...shown, ...raw], { ...state, squeezed });
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

// Charts as pictures and as tables, the table of runs as CSV: files that the browser saves.

import { h } from "./dom.js";
import { escapeForPlotly } from "./labels.js";
import { formatCount } from "./format.js";

export function csvCell(value) {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvText(rows) {
  return rows.map((row) => `${row.map(csvCell).join(",")}\n`).join("");
}

// A name that every file system takes.
export function fileName(text, ending) {
  const plain = text.replace(/[^\p{L}\p{N}._=-]+/gu, "_").replace(/^[._]+/, "");
  return `${plain.slice(0, 80) || "chart"}.${ending}`;
}

export function save(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// How to get all points of a tag.
export function exportCommand(tags) {
  return `tbtools export LOGS ${tags.map((tag) => `--tag ${quoted(tag)}`).join(" ")} -o points.csv`;
}

// The lines of a chart as they are drawn, a row a point. Where points are means of several, their number
// and extremes stand beside them, and a first line tells how to get all of them.
export function linesCsv(tags, lines) {
  const thinned = lines.some(({ series }) => series.count);
  const counts = lines.map(({ series }) => series.n ?? series.value.length);
  const drawn = lines.reduce((sum, { series }) => sum + series.value.length, 0);
  const all = counts.reduce((sum, each) => sum + each, 0);
  const note = `# thinned: ${formatCount(drawn)} of ${formatCount(all)} points; all: ${exportCommand(tags)}\n`;
  const head = ["run", "step", "seconds", "value", "smoothed"];
  if (thinned) head.push("to_step", "points", "least", "greatest");
  const rows = lines.flatMap(({ name, series, smooth }) =>
    Array.from(series.value, (value, i) => {
      const row = [name, series.step[i], series.ms[i] / 1000, value, smooth[i]];
      if (!thinned) return row;
      const { to, count, low, high } = series;
      return [...row, ...[to ?? series.step, count, low, high].map((each) => each?.[i])];
    }),
  );
  return (thinned ? note : "") + csvText([head, ...rows]);
}

export function runsCsv(page, runs) {
  const { columns } = page.table;
  const told = columns.filter(({ kind }) => kind !== "spark");
  const head = told.map(({ name, label }) => label ?? name);
  return csvText([head, ...runs.map((run) => told.map(({ cells }) => cells[run]?.text))]);
}

const PICTURE = { width: 900, height: 480 };
// A line of a legend in pixels, and names beside which there is no room for a chart, in letters.
const LEGEND_LINE = 19;
const LONG_LEGEND = 60;

// A legend has room for all its names: beside the chart, or below it where they are long.
export function legendPlace(names) {
  const height = LEGEND_LINE * names.length + 60;
  if (names.every((name) => name.length <= LONG_LEGEND))
    return { height: Math.max(PICTURE.height, height), legend: {} };
  return { height: PICTURE.height + height, legend: { orientation: "h", yanchor: "top", y: -0.12 } };
}

// A chart with its title and a legend, on its own ground.
async function savePicture(card, format) {
  const { data, layout } = card.figure;
  const named = new Set();
  const traces = data.map((trace) => {
    const line = card.lines.find(({ runs }) => runs === trace.runs);
    const first = line && trace.opacity === 1 && !trace.fill && !named.has(line);
    if (first) named.add(line);
    return { ...trace, name: line ? escapeForPlotly(line.name) : "", showlegend: Boolean(first) };
  });
  const names = traces.filter(({ showlegend }) => showlegend).map(({ name }) => name);
  const { height, legend } = legendPlace(names);
  const ground = getComputedStyle(card.element).backgroundColor;
  const { xaxis, yaxis } = card.plot._fullLayout;
  const whole = {
    ...layout,
    ...PICTURE,
    height,
    legend,
    autosize: false,
    xaxis: { ...layout.xaxis, range: [...xaxis.range] },
    yaxis: { ...layout.yaxis, range: [...yaxis.range] },
    title: { text: escapeForPlotly(card.tag.tag), font: { size: 15 }, x: 0.02, xanchor: "left" },
    margin: { l: 12, r: 12, t: 44, b: 30 },
    showlegend: card.lines.length > 1,
    paper_bgcolor: ground,
    plot_bgcolor: ground,
  };
  const uri = await Plotly.toImage({ data: traces, layout: whole }, { format, ...PICTURE, height, scale: 2 });
  const content =
    format === "svg"
      ? decodeURIComponent(uri.slice(uri.indexOf(",") + 1))
      : Uint8Array.from(atob(uri.slice(uri.indexOf(",") + 1)), (each) => each.charCodeAt(0));
  const type = format === "svg" ? "image/svg+xml" : "image/png";
  save(fileName(card.tag.tag, format), type, content);
}

// A small menu of what a chart can be saved as.
export function downloadMenu(card) {
  const name = card.tag.tag;
  const choice = (text, action) =>
    h(
      "button",
      {
        type: "button",
        onclick: () => {
          menu.open = false;
          action();
        },
      },
      text,
    );
  const menu = h(
    "details",
    { class: "menu" },
    h("summary", { class: "tool", title: "Save", "aria-label": `Save ${name}` }, "⤓"),
    h(
      "div",
      {},
      choice("SVG", () => savePicture(card, "svg")),
      choice("PNG", () => savePicture(card, "png")),
      choice("CSV", () => save(fileName(name, "csv"), "text/csv", linesCsv(card.tag.parts ?? [name], card.lines))),
    ),
  );
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") menu.open = false;
  });
  return menu;
}

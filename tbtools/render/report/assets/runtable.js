// The table of runs: sortable, filterable, the best of each objective in bold.

import { runColor, runSwatch } from "./axes.js";
import { breakable, h, matcher } from "./dom.js";
import { seriesOf } from "./marks.js";
import { sparkScale, sparkline } from "./overview.js";

// What stands in a cell; null is nothing.
function cellContent(cell) {
  if (!cell) return h("span", { class: "muted" }, "-");
  const { text, style, title } = cell;
  return [
    h(style === "best" ? "strong" : "span", { class: style, title }, text),
    cell.small && h("small", {}, ` ${cell.small}`),
  ];
}

// The columns that are more than text.
const DRAWN_COLUMNS = {
  run: (page, run) =>
    h(
      "span",
      { class: "run-name", title: page.runs[run].name },
      runSwatch(page, run),
      h("span", {}, breakable(page.runs[run].name)),
    ),
  status: (page, run, { style, title, text }) =>
    h("span", { class: `status ${style}`, title }, text),
  notes: (page, run, { text, title }) => h("small", { class: "nowrap", title }, text),
  spark: (page, run, cell, objective) => spark(page, objective, run),
};

function spark(page, objective, run) {
  const series = seriesOf(objective, run);
  objective.scale ||= sparkScale(objective.series);
  return (series && sparkline(series, runColor(page, run), objective.scale)) || "";
}

// Numbers by size, text by its natural order, what is missing always last.
function compareCells(a, b, descending) {
  const [x, y] = [a?.sort ?? null, b?.sort ?? null];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  const order =
    typeof x === "number" && typeof y === "number"
      ? x - y
      : String(x).localeCompare(String(y), "en", { numeric: true });
  return descending ? -order : order;
}

export function runTable(page, state) {
  const { columns, sort } = page.table;
  const rows = page.runs.map((run, i) =>
    h(
      "tr",
      {
        onpointerenter: () => state.set({ highlighted: i }),
        onpointerleave: () => state.set({ highlighted: null }),
      },
      columns.map(({ kind, number, cells }) =>
        h(
          kind === "run" ? "th" : "td",
          { scope: kind === "run" && "row", class: number && "number" },
          DRAWN_COLUMNS[kind]?.(page, i, cells[i], page.objectives[0]) ?? cellContent(cells[i]),
        ),
      ),
    ),
  );
  const body = h("tbody", {}, rows);
  const sorted = { column: -1, descending: false };
  const sortBy = (column, descending) => {
    Object.assign(sorted, { column, descending });
    const { cells } = columns[column];
    const order = page.runs.map((_, i) => i);
    order.sort((a, b) => compareCells(cells[a], cells[b], descending) || a - b);
    body.append(...order.map((i) => rows[i]));
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    headers[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
  };
  const headers = columns.map(({ name, label, kind, number }, c) => {
    if (kind === "spark")
      return h("th", { scope: "col" }, h("span", { class: "hidden-text" }, name));
    const button = h("button", { type: "button", "aria-label": label }, name);
    button.addEventListener("click", () => sortBy(c, sorted.column === c && !sorted.descending));
    return h("th", { scope: "col", class: number && "number" }, button);
  });
  if (sort) sortBy(sort.column, sort.descending);
  state.listen((changed) => {
    if (!changed.includes("runFilter") && !changed.includes("hidden")) return;
    const matches = matcher(state.runFilter);
    rows.forEach((row, i) => {
      row.hidden = !matches(page.runs[i].name);
      row.classList.toggle("off", !state.isShown(i));
    });
  });
  return h(
    "section",
    { class: "panel", "aria-labelledby": "runs-title" },
    h("h2", { id: "runs-title" }, "Runs ", h("small", {}, page.run_count)),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "runs-title" },
      h("table", { class: "runs" }, h("thead", {}, h("tr", {}, headers)), body),
    ),
  );
}

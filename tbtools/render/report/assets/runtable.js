// The table of runs: sortable, filterable, the best of each objective in bold.

import { runsCsv, save } from "./download.js";
import { runColor, runSwatch } from "./axes.js";
import { bothEnds, breakable, h } from "./dom.js";
import { filteredRuns } from "./where.js";
import { compareButton } from "./compare.js";
import { explainButton } from "./panel.js";
import { virtualRows, WHOLE } from "./rows.js";
import { seriesOf } from "./marks.js";
import { sparkScale, sparkline } from "./overview.js";

// Rows of a long table have one line each, in which a name is cut where its end of so many letters begins.
const LONG_IN_TABLE = 48;
const END_IN_TABLE = 36;

// Where a page is narrow there is room for what tells runs apart only.
function shownName(page, run) {
  const { name, short, tight, cut } = page.runs[run];
  if (page.runs.length <= WHOLE) return breakable(short);
  if (short.length <= LONG_IN_TABLE) return h("span", {}, short);
  const ends =
    short === name
      ? [h("span", {}, tight[0]), h("span", { class: "end" }, cut)]
      : bothEnds(short, LONG_IN_TABLE, END_IN_TABLE);
  return [...ends, h("span", { class: "narrow" }, cut)];
}

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
  run: (page, run, cell, objective, state) =>
    h(
      "span",
      { class: "run-name", title: page.runs[run].name },
      runSwatch(page, run),
      h("span", { class: "called" }, shownName(page, run)),
      page.diff ? "" : [explainButton(page, run), page.runs.length > 1 && compareButton(page, state, run)],
    ),
  status: (page, run, { style, title, text }) => h("span", { class: `status ${style}`, title }, text),
  notes: (page, run, { text, title }) => h("small", { class: "nowrap", title }, text),
  spark: (page, run, cell, objective) => spark(page, objective, run),
};

function spark(page, objective, run) {
  const series = seriesOf(objective, run);
  objective.scale ||= sparkScale(objective.series, page.drawing);
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

// Of a row of a table that is too long to be whole, in pixels; overview.css has it, too.
const ROW = 33;

// The runs that the filters leave, as the table is sorted.
export function orderedRuns(page, state) {
  const { column, descending } = state.sort ?? { column: 0, descending: false };
  const { cells } = page.table.columns[column] ?? page.table.columns[0];
  return filteredRuns(page, state).sort((a, b) => compareCells(cells[a], cells[b], descending) || a - b);
}

export function runTable(page, state) {
  const { columns } = page.table;
  const makeRow = (i) => {
    const row = h(
      "tr",
      {
        class: !state.isShown(i) && "off",
        onpointerenter: () => state.set({ highlighted: i }),
        onpointerleave: () => state.set({ highlighted: null }),
      },
      columns.map(({ kind, number, cells }) =>
        h(
          kind === "run" ? "th" : "td",
          { scope: kind === "run" && "row", class: number && "number" },
          DRAWN_COLUMNS[kind]?.(page, i, cells[i], page.objectives[0], state) ?? cellContent(cells[i]),
        ),
      ),
    );
    return row;
  };
  const body = h("tbody", {});
  const gap = (height) => h("tr", { "aria-hidden": "true" }, h("td", { style: { height: `${height}px` } }));
  const order = () => orderedRuns(page, state);
  const sort = () => {
    const { column, descending } = state.sort ?? { column: 0, descending: false };
    if (!columns[column]) return;
    list.show(order());
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    headers[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
  };
  const headers = columns.map(({ name, label, kind, number }, c) => {
    if (kind === "spark") return h("th", { scope: "col" }, h("span", { class: "hidden-text" }, name));
    const button = h("button", { type: "button", "aria-label": label }, name);
    button.addEventListener("click", () => {
      const descending = state.sort?.column === c && !state.sort.descending;
      state.set({ sort: { column: c, descending } });
    });
    return h("th", { scope: "col", class: number && "number" }, button);
  });
  const scroll = h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of runs" },
    h("table", { class: page.runs.length > WHOLE ? "runs long" : "runs" }, h("thead", {}, h("tr", {}, headers)), body),
  );
  const list = virtualRows({ scroll, body, height: ROW, make: makeRow, gap });
  sort();
  if (!state.sort) headers[0].removeAttribute("aria-sort");
  state.listen((changed) => {
    if (changed.includes("colorBy")) list.made.clear();
    if (["sort", "runFilter", "where", "colorBy"].some((name) => changed.includes(name))) sort();
    if (changed.includes("compared")) for (const row of list.made.values()) row.querySelector(".compare")?.tell();
    if (!changed.includes("hidden")) return;
    for (const [i, row] of list.made) row.classList.toggle("off", !state.isShown(i));
  });
  return h(
    "section",
    { class: "panel", "aria-labelledby": "runs-title" },
    h(
      "header",
      { class: "panel-head" },
      h("h2", { id: "runs-title" }, "Runs ", h("small", {}, page.run_count)),
      h(
        "button",
        {
          type: "button",
          class: "plain",
          onclick: () => save("runs.csv", "text/csv", runsCsv(page, order())),
        },
        "Save as CSV",
      ),
    ),
    scroll,
  );
}

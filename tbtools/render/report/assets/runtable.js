// The table of runs: sortable, filterable, the best of each objective in bold.

const MOST_HPARAMS = 12;

function statusCell({ severity, text, message }) {
  return h("span", { class: `status ${severity ?? "fine"}`, title: message }, text);
}

function bestCell(column, run) {
  const cell = column.cells.get(run);
  if (!cell || cell.best === null) return nothing();
  const { best: value, best_text: text, best_step: step } = cell;
  const leads = run === column.bestRun && column.cells.size > 1;
  return {
    sort: value,
    node: h(
      "span",
      { title: text },
      leads ? h("strong", { class: "best" }, formatNumber(value)) : formatNumber(value),
      h("small", {}, ` @${formatCount(step)}`),
    ),
  };
}

function lastCell(column, run) {
  const cell = column.cells.get(run);
  if (!cell) return nothing();
  const { last, exact } = cell.series;
  const broken = typeof last === "string";
  return {
    sort: broken ? null : last,
    node: h(
      "span",
      { class: broken && "error", title: exact.last },
      formatNumber(last),
    ),
  };
}

function nothing() {
  return { sort: null, node: h("span", { class: "muted" }, "–") };
}

function plainCell(value, text) {
  return value === null ? nothing() : { sort: value, node: text };
}

// What each column is called, whether it holds numbers, and the cell of each run.
function tableColumns(page, objectives) {
  const columns = [
    { name: "Run", cell: (i) => ({ sort: i, node: runName(page, i) }), row: true },
    {
      name: "Status",
      cell: (i) => ({
        sort: page.runs[i].status.rank,
        node: statusCell(page.runs[i].status),
      }),
    },
  ];
  const ofObjective = (objective, number) => {
    const arrow = objective.better === "min" ? "↓" : "↑";
    if (number === 0) {
      columns.push({
        name: "",
        label: `${objective.name}, drawn`,
        cell: (i) => ({ sort: null, node: spark(page, objective, i) }),
        fixed: true,
      });
    }
    columns.push(
      {
        name: `${objective.name} ${arrow} best`,
        number: true,
        objective,
        cell: (i) => bestCell(objective, i),
      },
      {
        name: "final",
        label: `${objective.name}, final`,
        number: true,
        cell: (i) => lastCell(objective, i),
      },
    );
  };
  // What the runs were started with comes before a third objective, which few look at.
  objectives.slice(0, 2).forEach(ofObjective);
  columns.push(
    {
      name: "Steps",
      number: true,
      cell: (i) => stepsCell(page.runs[i]),
    },
    { name: "Duration", number: true, cell: (i) => durationCell(page.runs[i]) },
  );
  const { names, varying, values } = page.hparams;
  names
    .map((name, number) => ({ name, number }))
    .filter(({ number }) => varying[number])
    .slice(0, MOST_HPARAMS)
    .forEach(({ name, number }) => {
      columns.push({
        name,
        hparam: true,
        number: true,
        cell: (i) => hparamCell(values[i][number]),
      });
    });
  objectives.slice(2).forEach((objective) => ofObjective(objective, 2));
  columns.push({
    name: "Notes",
    cell: (i) => notesCell(page.runs[i]),
  });
  return columns.filter((column) => column.name !== "Notes" || page.runs.some((run) => run.remarks.length));
}

function spark(page, objective, run) {
  const cell = objective.cells.get(run);
  objective.scale ||= sparkScale(objective);
  return (cell && sparkline(cell.series, runColor(page, run), objective.scale)) || "";
}

function runName(page, run) {
  return h(
    "span",
    { class: "run-name", title: page.runs[run].name },
    swatch(runColor(page, run)),
    h("span", {}, breakable(page.runs[run].name)),
  );
}

function durationCell(run) {
  const seconds = run.start === null ? null : run.end - run.start;
  return plainCell(
    seconds,
    h(
      "span",
      { title: `${formatTime(run.start)} to ${formatTime(run.end)}` },
      formatDuration(seconds),
    ),
  );
}

function stepsCell({ last_step: step }) {
  return step === null ? nothing() : plainCell(step, formatCount(step));
}

function hparamCell(value) {
  if (value === null) return plainCell(null);
  return plainCell(value, typeof value === "number" ? formatNumber(value) : String(value));
}

function notesCell({ remarks, notes, problems }) {
  const title = [...notes, ...problems].map(({ message }) => message).join("\n");
  return plainCell(
    remarks.length,
    h("small", { class: "nowrap", title: title || null }, remarks.join("; ")),
  );
}

// Numbers by size, text by its natural order, what is missing always last.
function compareCells(a, b, descending) {
  const [x, y] = [a.sort, b.sort];
  if (x === null || y === null) return (x === null) - (y === null);
  const order =
    typeof x === "number" && typeof y === "number"
      ? x - y
      : String(x).localeCompare(String(y), "en", { numeric: true });
  return descending ? -order : order;
}

function runTable(page, state, objectives) {
  const columns = tableColumns(page, objectives);
  const cells = page.runs.map((_, i) => columns.map((column) => column.cell(i)));
  const rows = page.runs.map((run, i) =>
    h(
      "tr",
      {
        onpointerenter: () => state.set({ highlighted: i }),
        onpointerleave: () => state.set({ highlighted: null }),
      },
      columns.map((column, c) =>
        h(
          column.row ? "th" : "td",
          { scope: column.row && "row", class: column.number && "number" },
          cells[i][c].node,
        ),
      ),
    ),
  );
  const body = h("tbody", {}, rows);
  const sorted = { column: -1, descending: false };
  const sortBy = (column, descending) => {
    Object.assign(sorted, { column, descending });
    const order = page.runs.map((_, i) => i);
    order.sort((a, b) => compareCells(cells[a][column], cells[b][column], descending) || a - b);
    body.append(...order.map((i) => rows[i]));
    headers.forEach((header) => header.removeAttribute("aria-sort"));
    headers[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
  };
  const headers = columns.map((column, c) => {
    if (column.fixed)
      return h("th", { scope: "col" }, h("span", { class: "hidden-text" }, column.label));
    const button = h("button", { type: "button", "aria-label": column.label }, column.name);
    button.addEventListener("click", () => sortBy(c, sorted.column === c && !sorted.descending));
    return h("th", { scope: "col", class: column.number && "number" }, button);
  });
  // The best first: that is what one looks for.
  if (objectives.length) {
    const best = columns.findIndex((column) => column.objective === objectives[0]);
    sortBy(best, objectives[0].better === "max");
  }
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
    h("h2", { id: "runs-title" }, "Runs ", h("small", {}, formatCount(page.runs.length))),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "runs-title" },
      h("table", { class: "runs" }, h("thead", {}, h("tr", {}, headers)), body),
    ),
  );
}

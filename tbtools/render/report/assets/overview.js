// The first screen: what this is, which run is best, which went wrong, and the table of runs.

const FIRST_FINDINGS = 8;

// For each objective: its tag, the cell of each run, and the best run.
function objectiveColumns(page) {
  return page.objectives.map(({ tag: number, better, leader, cells }) => {
    const tag = page.tags[number];
    const seriesOfRun = new Map(tag.series.map((series) => [series.run, series]));
    const byRun = cells.map((cell) => [cell.run, { ...cell, series: seriesOfRun.get(cell.run) }]);
    return { tag, name: tag.tag, better, bestRun: leader, cells: new Map(byRun) };
  });
}

function showMasthead(page, columns) {
  document.title = page.title;
  byId("title").textContent = page.title;
  const withSeverity = (severity) =>
    page.runs.filter(({ status }) => status.severity === severity).length;
  const troubled = withSeverity("error");
  const warned = withSeverity("warning");
  const superseded = page.runs.reduce((sum, run) => sum + run.superseded, 0);
  const problems = page.runs.reduce((sum, run) => sum + run.problems.length, 0);
  const points = page.series.reduce((sum, series) => sum + series.n, 0);
  const ends = page.runs.map((run) => run.end).filter((end) => end !== null);
  const facts = [
    h("strong", {}, plural(page.runs.length, "run")),
    troubled > 0 && h("span", { class: "error" }, `${formatCount(troubled)} with errors`),
    warned > 0 && h("span", { class: "warning" }, `${formatCount(warned)} with warnings`),
    ...columns
      .slice(0, 1)
      .filter((column) => column.bestRun !== null)
      .map((column) => {
        const { best, best_step: step } = column.cells.get(column.bestRun);
        return h(
          "span",
          {},
          `Best ${column.name} `,
          h("strong", {}, formatNumber(best)),
          " by ",
          h("strong", {}, page.runs[column.bestRun].name),
          ` at step ${formatCount(step)}`,
        );
      }),
    h("span", {}, `${plural(points, "scalar")} in ${formatCount(page.series.length)} series`),
    superseded > 0 && h("span", {}, `${formatCount(superseded)} points superseded`),
    problems > 0 &&
      h("span", { class: "warning" }, plural(problems, "problem") + " in event files"),
    page.unreadable.length > 0 &&
      h("span", { class: "error" }, `${plural(page.unreadable.length, "path")} could not be read`),
    ends.length > 0 && h("span", {}, `Last event ${formatTime(Math.max(...ends))}`),
  ];
  byId("facts").append(...facts.filter(Boolean));
}

function findingLink(page, finding, onGo, text) {
  return h(
    "a",
    {
      href: "#charts",
      onclick: (event) => {
        event.preventDefault();
        onGo(finding);
      },
    },
    text,
  );
}

function findingItem(page, cause, onGo) {
  const [first, ...others] = cause.findings;
  const run = page.runs[first.runNumber]?.name ?? first.run;
  return h(
    "li",
    { class: `finding ${cause.severity}` },
    h("span", { class: "kind" }, cause.kind),
    h(
      "span",
      { class: "what" },
      swatch(runColor(page, first.runNumber ?? 0)),
      h("strong", {}, breakable(run)),
      " ",
      findingLink(page, first, onGo, first.tag),
    ),
    h("span", { class: "message" }, first.message),
    others.length > 0 &&
      h(
        "span",
        { class: "others" },
        "also ",
        others
          .slice(0, 6)
          .flatMap((finding, i) => [
            i ? ", " : "",
            findingLink(page, finding, onGo, finding.tag),
            finding.kind === first.kind
              ? ` (${formatCount(finding.onset_step)})`
              : ` (${finding.kind}, ${formatCount(finding.onset_step)})`,
          ]),
        others.length > 6 && ` and ${others.length - 6} more`,
      ),
  );
}

function findingsPanel(page, onGo) {
  const list = h("ol", { class: "findings" });
  const items = page.findings.map((cause) => findingItem(page, cause, onGo));
  const count = page.findings.reduce((sum, cause) => sum + cause.findings.length, 0);
  list.append(...items.slice(0, FIRST_FINDINGS));
  const rest = items.length - FIRST_FINDINGS;
  const more =
    rest > 0 &&
    h(
      "button",
      {
        type: "button",
        class: "plain",
        onclick: () => {
          list.append(...items.slice(FIRST_FINDINGS));
          more.remove();
        },
      },
      `Show ${formatCount(rest)} more`,
    );
  return h(
    "section",
    { class: "panel", "aria-labelledby": "findings-title" },
    h("h2", { id: "findings-title" }, "Findings ", h("small", {}, formatCount(count))),
    items.length
      ? list
      : h("p", { class: "muted" }, `No findings in ${page.judged}.`),
    more,
    page.not_judged.map((text) => h("p", { class: "muted" }, `${text}.`)),
  );
}

const SPARK = { width: 96, height: 22 };

// One scale for all runs, so that a run that never got better looks it; without the outliers.
function sparkScale(column) {
  const values = [...column.cells.values()].map(({ series }) => series.value);
  return yRange(values, { ignoreOutliers: true, log: false, squeezed: 1 });
}

// The main objective of a run as a small line, NaN as a gap; null without one.
function sparkline(series, color, scale) {
  const value = series.value;
  if (!scale || value.length < 2) return null;
  const [low, high] = scale;
  // Halves: the difference of two doubles may be none.
  const part = (each) => (each / 2 - low / 2) / (high / 2 - low / 2 || 1);
  const y = (each) =>
    SPARK.height - 1 - part(Math.max(low, Math.min(each, high))) * (SPARK.height - 2);
  let path = "";
  let pen = "M";
  const jump = Math.max(1, Math.floor(value.length / SPARK.width));
  for (let i = 0; i < value.length; i += jump) {
    if (!Number.isFinite(value[i])) {
      pen = "M";
      continue;
    }
    const x = (i / Math.max(1, value.length - 1)) * SPARK.width;
    path += `${pen}${x.toFixed(1)} ${y(value[i]).toFixed(1)}`;
    pen = "L";
  }
  return svg(
    "svg",
    {
      viewBox: `0 0 ${SPARK.width} ${SPARK.height}`,
      width: SPARK.width,
      height: SPARK.height,
      "aria-hidden": "true",
    },
    svg("path", { d: path, fill: "none", stroke: color, "stroke-width": 1.5 }),
  );
}

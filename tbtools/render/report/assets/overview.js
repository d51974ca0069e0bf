// The first screen: what this is, which run is best, which went wrong, and the table of runs.

const FIRST_FINDINGS = 8;

function isBetter(better, a, b) {
  return better === "min" ? a < b : a > b;
}

// For each objective: the series of each run, the best value of each, and the best run.
function objectiveColumns(page) {
  return page.objectives.map(([name, better]) => {
    const tag = page.tags.find((each) => each.tag === name);
    const column = { tag, name, better, cells: new Map(), bestRun: null };
    for (const series of tag.series) {
      const best = better === "min" ? series.min : series.max;
      column.cells.set(series.run, { series, best });
      if (!best) continue;
      const leader = column.bestRun === null ? null : column.cells.get(column.bestRun).best;
      if (!leader || isBetter(better, best[0], leader[0])) column.bestRun = series.run;
    }
    return column;
  });
}

// The worst that was found in each run: what its status says.
function runStatus(page) {
  const status = page.runs.map(() => null);
  for (const cause of page.findings) {
    const run = cause.findings[0].runNumber;
    if (run === undefined || cause.severity === "info") continue;
    if (!status[run]) status[run] = { ...worst(cause), more: 0 };
    else status[run].more++;
  }
  return status;
}

function worst(cause) {
  return cause.findings.find((finding) => finding.severity === cause.severity);
}

function showMasthead(page, status, columns) {
  document.title = page.title;
  byId("title").textContent = page.title;
  const troubled = status.filter((each) => each?.severity === "error").length;
  const warned = status.filter((each) => each?.severity === "warning").length;
  const points = page.series.reduce((sum, series) => sum + series.n, 0);
  const ends = page.runs.map((run) => run.end).filter((end) => end !== null);
  const facts = [
    h("strong", {}, plural(page.runs.length, "run")),
    troubled > 0 && h("span", { class: "error" }, `${formatCount(troubled)} went wrong`),
    warned > 0 && h("span", { class: "warning" }, `${formatCount(warned)} with warnings`),
    ...columns
      .slice(0, 1)
      .filter((column) => column.bestRun !== null)
      .map((column) => {
        const { best } = column.cells.get(column.bestRun);
        return h(
          "span",
          {},
          `Best ${column.name} `,
          h("strong", {}, formatNumber(best[0])),
          " by ",
          h("strong", {}, page.runs[column.bestRun].name),
          ` at step ${formatCount(best[1])}`,
        );
      }),
    h("span", {}, `${plural(points, "scalar")} in ${formatCount(page.series.length)} series`),
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

// Events of the same kind in one run stand together: each run is read about once.
function byRunAndKind(causes) {
  const merged = new Map();
  for (const cause of causes) {
    const key = JSON.stringify([cause.findings[0].run, worst(cause).kind]);
    const before = merged.get(key);
    if (before) before.findings.push(...cause.findings);
    else merged.set(key, { severity: cause.severity, findings: [...cause.findings] });
  }
  return [...merged.values()];
}

function findingItem(page, cause, onGo) {
  const [first, ...others] = cause.findings;
  const run = page.runs[first.runNumber]?.name ?? first.run;
  return h(
    "li",
    { class: `finding ${cause.severity}` },
    h("span", { class: "kind" }, worst(cause).kind),
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
  const items = byRunAndKind(page.findings).map((cause) => findingItem(page, cause, onGo));
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
      : h("p", { class: "muted" }, "Nothing went wrong that can be told from the scalars."),
    more,
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

// The first screen: what this is, which run is best, which went wrong, and the table of runs.

const FIRST_FINDINGS = 8;

function showMasthead(page) {
  document.title = page.title;
  byId("title").textContent = page.title;
  for (const { severity, parts } of page.facts) {
    const texts = parts.map(([text, strong]) => (strong ? h("strong", {}, text) : text));
    byId("facts").append(h("span", { class: severity }, texts));
  }
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
        cause.also.map((text, i) => [
          i ? ", " : "",
          findingLink(page, others[i], onGo, others[i].tag),
          text,
        ]),
        cause.more,
      ),
  );
}

function findingsPanel(page, onGo) {
  const list = h("ol", { class: "findings" });
  const items = page.findings.map((cause) => findingItem(page, cause, onGo));
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
    h("h2", { id: "findings-title" }, "Findings ", h("small", {}, page.count)),
    items.length
      ? list
      : h("p", { class: "muted" }, `No findings in ${page.judged}.`),
    more,
    page.not_judged.map((text) => h("p", { class: "muted" }, `${text}.`)),
  );
}

const SPARK = { width: 96, height: 22 };

// One scale for all runs, so that a run that never got better looks it; without the outliers.
function sparkScale(series) {
  const values = series.map((each) => each.value);
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

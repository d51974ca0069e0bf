// The first screen: what this is, which run is best, which went wrong, and the table of runs.

import { runSwatch } from "./axes.js";
import { compareRuns } from "./compare.js";
import { breakable, byId, h, svg } from "./dom.js";
import { formatCount } from "./format.js";
import { yRange } from "./smooth.js";
import { endOfMost } from "./view.js";

const FIRST_FINDINGS = 8;

export function showMasthead(page) {
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
      runSwatch(page, first.runNumber),
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
        cause.also.map((text, i) => [i ? ", " : "", findingLink(page, others[i], onGo, others[i].tag), text]),
        cause.more,
      ),
  );
}

// A finding that many runs have, with what shows only these.
function sharedItem(page, state, shared, onGo) {
  const { severity, kind, tag, text, runs } = shared;
  const shown = runs.filter((run) => state.isShown(run));
  const only = () => {
    const these = new Set(runs);
    state.set({ hidden: new Set([...page.runs.keys()].filter((run) => !these.has(run))) });
  };
  return h(
    "li",
    { class: `finding ${severity}` },
    h("span", { class: "kind" }, kind),
    h("span", { class: "what" }, findingLink(page, { tag, runNumber: shown[0] }, onGo, tag)),
    h(
      "span",
      { class: "message" },
      text,
      shown.length < runs.length && `; ${formatCount(shown.length)} of them shown`,
      " ",
      h("button", { type: "button", class: "plain", onclick: only }, "Show only these"),
    ),
  );
}

// What the runs with errors share, and the two that are most alike of which one has an error.
function failingItem(page, state, { lines, pair }) {
  const compare = () =>
    compareRuns(
      page,
      state,
      pair.map((run) => page.runs[run].name),
    );
  return h(
    "li",
    { class: "finding failing" },
    h("span", { class: "kind" }, "in common"),
    h("span", { class: "what" }, "What the runs with errors share"),
    h(
      "ul",
      { class: "message" },
      lines.map((text) => h("li", {}, breakable(text))),
    ),
    pair &&
      h(
        "span",
        { class: "message" },
        h("button", { type: "button", class: "plain", onclick: compare }, "Compare the two"),
      ),
  );
}

// The findings of the runs that are shown: those that many runs have once, then the others.
export function findingsPanel(page, state, onGo) {
  const list = h("ol", { class: "findings" });
  const count = h("small", {});
  const none = h("p", { class: "muted" });
  let all = false;
  const more = h("button", {
    type: "button",
    class: "plain",
    onclick: () => {
      all = true;
      show();
    },
  });
  const show = () => {
    const told = page.findings.filter(({ findings: [{ runNumber }] }) => state.isShown(runNumber));
    const alone = told.filter(({ shared }) => !shared);
    const items = all ? alone : alone.slice(0, FIRST_FINDINGS);
    const shared = page.shared.filter(({ runs }) => runs.some((run) => state.isShown(run)));
    list.replaceChildren(
      ...shared.map((each) => sharedItem(page, state, each, onGo)),
      ...(page.failing ? [failingItem(page, state, page.failing)] : []),
      ...items.map((cause) => findingItem(page, cause, onGo)),
    );
    more.hidden = items.length === alone.length;
    more.textContent = `Show ${formatCount(alone.length - items.length)} more`;
    const shown = told.reduce((sum, { findings }) => sum + findings.length, 0);
    count.textContent = told.length === page.findings.length ? page.count : `${formatCount(shown)} of ${page.count}`;
    none.hidden = told.length > 0;
    none.textContent = page.findings.length
      ? "No findings in the runs that are shown."
      : `No findings in ${page.judged}.`;
  };
  state.listen((changed) => (changed.includes("hidden") || changed.includes("colorBy")) && show());
  show();
  return h(
    "section",
    { class: "panel", "aria-labelledby": "findings-title" },
    h("h2", { id: "findings-title" }, "Findings ", count),
    list,
    none,
    more,
    page.not_judged.map((text) => h("p", { class: "muted" }, `${text}.`)),
  );
}

const SPARK = { width: 96, height: 22 };

// One scale for all runs, so that a run that never got better looks it, without the outliers; and one
// for their steps, so that a short run looks short; as in the charts, but for few that are much longer.
export function sparkScale(series, { squeezed }) {
  const y = yRange(
    series.map((each) => each.value),
    { ignoreOutliers: true, log: false, squeezed: 1, fewest: 20 },
  );
  const spans = series.map(({ step, to = step }) => [step[0], to[to.length - 1]]);
  const last = endOfMost(spans, squeezed) ?? Math.max(...spans.flat());
  return y && { y, first: Math.min(...spans.flat()), last };
}

// At the right edge, of a run that goes on beyond it.
const GOES_ON = "M92 5L95 11L92 17";

// The main objective of a run as a small line, NaN as a gap; null without one. Of all values in a
// pixel the mean is drawn.
export function sparkline(series, color, scale) {
  const { value, step, count } = series;
  if (!scale || value.length < 2) return null;
  const [low, high] = scale.y;
  // Halves: the difference of two doubles may be none.
  const part = (each, from, to) => (each / 2 - from / 2) / (to / 2 - from / 2 || 1);
  const y = (each) => SPARK.height - 1 - part(Math.max(low, Math.min(each, high)), low, high) * (SPARK.height - 2);
  const pixels = [];
  for (let i = 0; i < value.length; i++) {
    const x = Math.round(part(step[i], scale.first, scale.last) * SPARK.width);
    const weight = Math.max(1, count ? count[i] : 1);
    const last = pixels[pixels.length - 1];
    if (last?.x === x && Number.isFinite(value[i]) === Number.isFinite(last.sum)) {
      last.sum += value[i] * weight;
      last.weight += weight;
    } else pixels.push({ x, sum: value[i] * weight, weight });
  }
  let path = "";
  let pen = "M";
  for (const { x, sum, weight } of pixels) {
    if (Number.isFinite(sum)) path += `${pen}${x} ${y(sum / weight).toFixed(1)}`;
    pen = Number.isFinite(sum) ? "L" : "M";
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
    ...(step[step.length - 1] > scale.last ? [svg("path", { d: GOES_ON, fill: "none", stroke: color })] : []),
  );
}

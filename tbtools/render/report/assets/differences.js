// What a diff says: a table of tags, what else differs, and the difference of each pair of curves.

import { axisStyle, cssColor } from "./axes.js";
import { h } from "./dom.js";
import { plotCard } from "./media.js";
import { smooth } from "./smooth.js";
import { attachTooltip } from "./tooltip.js";

function differenceRow(tag) {
  const numbers = tag.cells.map(([text, small]) =>
    h("td", { class: "number" }, text, small && h("small", {}, ` ${small}`)),
  );
  const verdict = tag.verdict && h("span", { class: `status ${tag.style}`, title: tag.reason }, tag.verdict);
  return h("tr", {}, h("th", { scope: "row" }, tag.tag), numbers, h("td", {}, verdict));
}

function pairPanel(pair, open) {
  const names = `${pair.a ?? "nothing"} → ${pair.b ?? "nothing"}`;
  if (pair.identical) return h("details", { class: "pair" }, h("summary", {}, names, " ", h("small", {}, "the same")));
  const head = ["Tag", "Differs from step", "Most by", "End of a", "End of b", "Change", "Verdict on b"];
  return h(
    "details",
    { class: "pair", open },
    h("summary", {}, names),
    h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": `Differences of ${names}` },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((name, i) => h("th", { scope: "col", class: i > 0 && i < 6 && "number" }, name)),
          ),
        ),
        h(
          "tbody",
          {},
          pair.tags.map((tag) => differenceRow(tag)),
        ),
      ),
    ),
    h(
      "p",
      { class: "muted" },
      "End: the mean over the last quarter of the points that both have. In brackets: the 95 % interval.",
    ),
    pair.hparams.length > 0 &&
      h(
        "ul",
        { class: "hparam-differences" },
        pair.hparams.map(([name, text]) => h("li", {}, h("strong", {}, name), text)),
      ),
    pair.text.map(textDifference),
  );
}

// Lines of which the first letter tells whether they went or came.
export function textDifference({ title, lines }) {
  return h(
    "figure",
    { class: "text-difference" },
    h("figcaption", {}, title),
    h(
      "pre",
      { tabindex: "0" },
      lines.map((line) => h("span", { class: { "+": "added", "-": "removed" }[line[0]] }, `${line}\n`)),
    ),
  );
}

// More pairs than these are told by a table of tags and pairs first, and closed below it.
const MOST_OPEN = 2;

// What became of each tag in each pair, coloured by the verdict.
function verdictMatrix(pairs) {
  const differing = pairs.filter(({ identical }) => !identical);
  const tags = [...new Set(differing.flatMap((pair) => pair.tags.map(({ tag }) => tag)))];
  const cell = (pair, name) => {
    const found = pair.tags.find(({ tag }) => tag === name);
    if (!found) return h("td", {});
    const [[where], , , , [change]] = found.cells;
    const since = Number.isNaN(Number.parseFloat(where)) ? where : `from step ${where}`;
    const text = change === "-" ? since : change;
    const title = [found.verdict, found.reason].filter(Boolean).join(": ");
    return h("td", { class: `number verdict ${found.style}`, title }, text);
  };
  // What all are compared with is told above.
  const isOne = new Set(differing.map(({ a }) => a)).size === 1;
  const heads = differing.map(({ a, b }) => {
    const both = `${a ?? "nothing"} → ${b ?? "nothing"}`;
    return h("th", { scope: "col", title: both }, isOne ? (b ?? "nothing") : both);
  });
  const rows = tags.map((tag) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, tag),
      differing.map((pair) => cell(pair, tag)),
    ),
  );
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Verdicts on all pairs" },
    h(
      "table",
      { class: "matrix" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Tag"), heads)),
      h("tbody", {}, rows),
    ),
  );
}

export function differencesPanel(page) {
  const { a, b, identical, pairs } = page.diff;
  return h(
    "section",
    { class: "panel", "aria-labelledby": "diff-title" },
    h("h2", { id: "diff-title" }, "Differences ", h("small", {}, `b (${b}) compared with a (${a})`)),
    identical && h("p", {}, "There is no difference at all."),
    pairs.length > MOST_OPEN && verdictMatrix(pairs),
    pairs.map((pair) => pairPanel(pair, pairs.length <= MOST_OPEN)),
  );
}

// A card a tag: b minus a, a line a pair.
export function differenceCards(page, state) {
  const tags = new Map();
  for (const pair of page.diff.pairs) {
    for (const tag of pair.tags) {
      if (tag.step === undefined) continue;
      if (!tags.has(tag.tag)) tags.set(tag.tag, []);
      tags.get(tag.tag).push({ pair, series: arraysOf(page, tag) });
    }
  }
  return [...tags].map(([name, found]) => differenceCard(page, state, name, found));
}

// The run of a name, or the runs of the group that is called so.
function runsCalled(page, name) {
  const run = page.runs.findIndex((each) => each.name === name);
  return run >= 0 ? [run] : (page.groups.find((each) => each.name === name)?.runs ?? []);
}

export function differenceCard(page, state, name, found) {
  const group = { tag: name, series: [] };
  const card = plotCard(page, group, [], () => {
    const shown = found.filter(({ pair }) => runsCalled(page, pair.b).some((run) => state.isShown(run)));
    card.lines = shown.map(({ pair, series }) => differenceLine(page, pair, series, state));
    const data = card.lines.flatMap((line) => {
      const raw = {
        type: "scatter",
        mode: "lines",
        x: line.x,
        y: line.series.value,
        opacity: 0.28,
        line: { color: line.color, width: 1 },
        hoverinfo: "skip",
      };
      return [raw, { ...raw, y: line.smooth, opacity: 1, line: { color: line.color, width: 1.6 } }];
    });
    const yaxis = { ...axisStyle(), zerolinecolor: cssColor("--muted"), nticks: 6 };
    return { data, layout: { xaxis: { ...axisStyle(), nticks: 7 }, yaxis } };
  });
  card.lines = [];
  attachTooltip(card, state);
  return card;
}

function arraysOf(page, tag) {
  /** @type {any} */
  const series = {};
  for (const name of ["step", "to", "value", "low", "high", "count", "slope"])
    if (tag[name] !== undefined) series[name] = page.array(tag[name]);
  series.ms = series.step.map(() => NaN);
  return series;
}

function differenceLine(page, pair, series, state) {
  const [run] = runsCalled(page, pair.b);
  return {
    name: `${pair.b} − ${pair.a}`,
    color: page.runs[run].color,
    dash: page.runs[run].dash,
    series,
    rises: true,
    x: series.to ? series.step.map((each, i) => (each + series.to[i]) / 2) : series.step,
    smooth: smooth(series, state.weightOf(series)),
  };
}

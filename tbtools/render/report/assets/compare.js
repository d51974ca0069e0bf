// Two runs side by side: what they were started with, where their curves part, what their texts say.

import { runSwatch } from "./axes.js";
import { differenceCard, textDifference } from "./differences.js";
import { fill, h } from "./dom.js";
import { formatRounded } from "./format.js";
import { along, middle } from "./grouping.js";
import { seriesOf } from "./marks.js";

// Texts of more lines are compared by their first ones.
const MOST_LINES = 400;

// Lines of two texts: "  " in both, "- " in the first alone, "+ " in the second alone.
export function lineDifference(a, b) {
  const length = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let k = b.length - 1; k >= 0; k--)
      length[i][k] = a[i] === b[k] ? length[i + 1][k + 1] + 1 : Math.max(length[i + 1][k], length[i][k + 1]);
  const found = [];
  let [i, k] = [0, 0];
  while (i < a.length || k < b.length) {
    if (i < a.length && k < b.length && a[i] === b[k]) {
      found.push(`  ${a[i++]}`);
      k++;
    } else if (k >= b.length || (i < a.length && length[i + 1][k] >= length[i][k + 1])) found.push(`- ${a[i++]}`);
    else found.push(`+ ${b[k++]}`);
  }
  return found;
}

// What differs, with a line around it.
export function nearDifferences(lines) {
  const near = (i) => [i - 1, i, i + 1].some((at) => lines[at] && lines[at][0] !== " ");
  return lines.flatMap((line, i) => (near(i) ? [line] : i && near(i - 1) ? ["…"] : []));
}

// B minus a at the steps that both have, of several points of a step the last; of thinned curves at the
// points of a, on the lines between those of b.
export function differenceSeries(a, b) {
  let steps;
  let value;
  if (a.to || b.to) {
    const ends = [middle(b, 0), middle(b, b.step.length - 1)];
    const known = [...a.step.keys()].filter((i) => middle(a, i) >= ends[0] && middle(a, i) <= ends[1]);
    steps = known.map((i) => middle(a, i));
    const of = along(b, steps);
    value = known.map((i, k) => of[k][0] - a.value[i]);
  } else {
    const last = new Map(Array.from(a.step, (step, i) => [step, a.value[i]]));
    const both = new Map();
    b.step.forEach((step, i) => last.has(step) && both.set(step, b.value[i] - last.get(step)));
    steps = [...both.keys()].sort((x, y) => x - y);
    value = steps.map((step) => both.get(step));
  }
  const series = { step: Float64Array.from(steps), value: Float64Array.from(value), n: steps.length };
  return { ...series, ms: series.step.map(() => NaN) };
}

// The tags of which both runs have a curve, with the series of both.
function commonTags(page, [a, b]) {
  return page.tags.map((tag) => ({ tag, a: seriesOf(tag, a), b: seriesOf(tag, b) })).filter((each) => each.a && each.b);
}

function changedSettings(page, [a, b]) {
  const [of, to] = [a, b].map((run) => page.asked.runs[run].hparams);
  const text = (settings, name) => (Object.hasOwn(settings, name) ? String(settings[name]) : "missing");
  return [...new Set([...Object.keys(of), ...Object.keys(to)])]
    .filter((name) => text(of, name) !== text(to, name))
    .map((name) => h("li", {}, h("strong", {}, name), ` ${text(of, name)} → ${text(to, name)}`));
}

function linesOf(html) {
  const element = h("div", {});
  element.innerHTML = html; // as media.js shows it: sanitised when the page was made
  for (const cell of element.querySelectorAll("td, th")) cell.textContent = `${cell.textContent.trim()}  `;
  for (const block of element.querySelectorAll("br, p, li, tr, h1, h2, h3, pre")) block.append("\n");
  return element.textContent
    .split("\n")
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .slice(0, MOST_LINES);
}

function textDifferences(page, [a, b]) {
  const texts = page.text ?? [];
  return texts
    .filter(({ run }) => run === a)
    .map((of) => [of, texts.find(({ run, tag }) => run === b && tag === of.tag)])
    .filter(([of, to]) => to && of.items.length && to.items.length)
    .map(([of, to]) => [of, linesOf(of.items[of.items.length - 1]), linesOf(to.items[to.items.length - 1])])
    .filter(([, of, to]) => of.join("\n") !== to.join("\n"))
    .map(([{ tag }, of, to]) => textDifference({ title: tag, lines: nearDifferences(lineDifference(of, to)) }));
}

function endTable(page, pair, common) {
  const [a, b] = pair.map((run) => page.runs[run].short);
  const head = ["Tag", `Last of ${a}`, `Last of ${b}`, "b − a"];
  const rows = common.map(({ tag, a: of, b: to }) => {
    const change = to.value[to.value.length - 1] - of.value[of.value.length - 1];
    const cells = [of.row[0], to.row[0], formatRounded(change)];
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, tag.tag),
      cells.map((text) => h("td", { class: "number" }, text)),
    );
  });
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Last values of both runs" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((text, i) => h("th", { scope: "col", class: i && "number" }, text)),
        ),
      ),
      h("tbody", {}, rows),
    ),
  );
}

// The numbers of the runs that are compared.
function comparedRuns(page, state) {
  return state.compared.map((name) => page.runs.findIndex((run) => run.name === name)).filter((run) => run >= 0);
}

// Takes runs by their names for the comparison; of two all others are hidden.
export function compareRuns(page, state, chosen) {
  const pair = comparedRuns(page, { compared: chosen });
  const hidden = new Set([...page.runs.keys()].filter((each) => !pair.includes(each)));
  state.set({ compared: chosen, ...(pair.length === 2 ? { hidden } : {}) });
}

// Behind the name of a run: takes it as one of two.
export function compareButton(page, state, run) {
  const { name } = page.runs[run];
  const label = `Compare ${name} with another run`;
  const button = h("button", {
    type: "button",
    class: "tool compare",
    title: label,
    "aria-label": label,
    onclick: () => {
      const others = state.compared.filter((each) => each !== name);
      const chosen = others.length < state.compared.length ? others : [...others, name].slice(-2);
      compareRuns(page, state, chosen);
    },
  });
  button.tell = () => button.setAttribute("aria-pressed", String(state.compared.includes(name)));
  button.tell();
  return button;
}

// What two chosen runs have different: a panel, empty as long as there are none.
export function comparison(page, state, painter) {
  const panel = h("section", { class: "panel", id: "compared", "aria-label": "Two runs compared", hidden: true });
  let cards = [];
  const close = () => state.set({ compared: [], hidden: new Set() });
  const swap = () => state.set({ compared: state.compared.toReversed() });
  const button = (text, action) => h("button", { type: "button", class: "plain", onclick: action }, text);
  const heading = (pair) =>
    h(
      "header",
      { class: "panel-head" },
      h(
        "h2",
        {},
        pair.map((run, i) => [i ? " → " : "", runSwatch(page, run), page.runs[run].name]),
      ),
      pair.length === 2 && button("Swap", swap),
      button("Close", close),
    );
  const filled = (pair) => {
    const common = commonTags(page, pair);
    const changed = changedSettings(page, pair);
    const names = { a: page.runs[pair[0]].name, b: page.runs[pair[1]].name };
    cards = common
      .map(({ tag, a, b }) => [tag.tag, differenceSeries(a, b)])
      .filter(([, series]) => series.n > 1 && series.value.some((each) => each !== 0))
      .map(([tag, series]) => differenceCard(page, state, tag, [{ pair: names, series }]));
    return [
      changed.length
        ? h("ul", { class: "hparam-differences" }, changed)
        : h("p", { class: "muted" }, "The same hyperparameters."),
      common.length > 0 && endTable(page, pair, common),
      textDifferences(page, pair),
      cards.length > 0 && h("h3", {}, "b − a, at the steps of both"),
      h(
        "div",
        { class: "grid" },
        cards.map(({ element }) => element),
      ),
    ];
  };
  const show = () => {
    cards.forEach((card) => painter.forget(card));
    cards = [];
    const pair = comparedRuns(page, state);
    panel.hidden = !pair.length;
    panel.replaceChildren();
    if (pair.length === 1)
      fill(panel, {}, [
        heading(pair),
        h("p", { class: "muted" }, "Choose a second run in the table: ⇄ behind its name."),
      ]);
    if (pair.length === 2) fill(panel, {}, [heading(pair), ...filled(pair)]);
    if (painter.ready) cards.forEach((card) => painter.watch(card));
  };
  state.listen((changed) => changed.includes("compared") && show());
  return { panel, watch: () => cards.forEach((card) => painter.watch(card)) };
}

// Puts the page together.

import { createPainter, emphasize, scalarCard } from "./card.js";
import { arrayReader, attachArrays, inflate, readPage } from "./data.js";
import { combinedTag, marginTag, pairedTags } from "./combined.js";
import { comparison } from "./compare.js";
import { groupAxes, panelsOf, recolor } from "./coloring.js";
import { differenceCards, differencesPanel } from "./differences.js";
import { byId, fill, h, matcher } from "./dom.js";
import { formatCount } from "./format.js";
import { importanceCard, parallelCoordinates, scatterCard } from "./hparams.js";
import { audioCard, byTag, histogramCard, imageCard, prCurveCard, textCard } from "./media.js";
import { findingsPanel, showMasthead } from "./overview.js";
import { embeddingCard, graphCard, meshCard } from "./structures.js";
import { runTable } from "./runtable.js";
import { showSidebar, showToolbar } from "./sidebar.js";
import { isSingle, singleCard } from "./single.js";
import { attachKeys } from "./help.js";
import { attachLink } from "./link.js";
import { followColours } from "./embedded.js";
import { attachLive, restore } from "./live.js";
import { WHOLE } from "./rows.js";
import { createState } from "./state.js";

function linkFindings(page) {
  const numbers = new Map(page.runs.map((run, i) => [run.name, i]));
  const tags = new Map(page.tags.map((tag) => [tag.tag, tag]));
  for (const cause of page.findings) {
    for (const finding of cause.findings) {
      finding.runNumber = numbers.get(finding.run);
      tags.get(finding.tag)?.findings.push(finding);
    }
  }
  for (const { plugin } of page.sections) {
    for (const series of page[plugin]) series.run = numbers.get(series.run);
  }
}

function section(title, cards) {
  const grid = h(
    "div",
    { class: "grid" },
    cards.map((card) => card.element),
  );
  grid.classList.toggle("noted", Boolean(grid.querySelector(".notes")));
  const count = h("small", {}, formatCount(cards.length));
  const element = h("details", { class: "group", open: true }, h("summary", {}, h("h2", {}, title, " ", count)), grid);
  return { element, cards, title, count };
}

// Small groups share a row: each takes as many columns as it has cards.
function layOut(sections) {
  const columns = () => {
    const count = getComputedStyle(byId("charts")).gridTemplateColumns.split(" ").length;
    for (const { element, cards } of sections) {
      const shown = cards.filter((card) => !card.element.hidden).length;
      element.style.setProperty("--columns", Math.max(1, Math.min(count, shown)));
      element.style.setProperty("--printed", Math.max(1, Math.min(4, shown)));
    }
  };
  new ResizeObserver(columns).observe(byId("charts"));
  columns();
  return columns;
}

function mediaSections(page, state) {
  const cards = {
    image: imageCard,
    text: textCard,
    histogram: histogramCard,
    pr_curve: prCurveCard,
    audio: audioCard,
    mesh: meshCard,
    embedding: embeddingCard,
    graph: graphCard,
  };
  return page.sections
    .filter(({ plugin }) => page[plugin].length)
    .map(({ plugin, title, card }) =>
      section(
        title,
        byTag(page[plugin]).map((group) => cards[card](page, state, group)),
      ),
    );
}

function hparamSection(page, state) {
  const { axes, runs } = page.hparams;
  const compares = axes.length > 1 && axes.some((axis) => !axis.objective);
  if (!compares || runs.length < 2) return null;
  const parallel = h(
    "article",
    { class: "card double" },
    h("header", {}, h("h3", {}, "Parallel coordinates")),
    parallelCoordinates(page, state),
  );
  const cards = axes.some((axis) => axis.objective) ? [scatterCard(page, state)] : [];
  if (page.hparams.importance.length) cards.push(importanceCard(page));
  const made = section("Hyperparameters", cards);
  made.element.querySelector(".grid").prepend(parallel);
  made.element.querySelector("small").remove();
  made.element.classList.add("full");
  return made;
}

// The card of a tag, or those of its panels.
function tagCards(page, state, tag) {
  if (isSingle(tag)) return [singleCard(page, state, tag)];
  const axis = groupAxes(page).find(({ name }) => name === state.panelBy);
  if (!axis) return [scalarCard(page, state, tag)];
  const runs = tag.series.map(({ run }) => run);
  return panelsOf(axis, runs).map((panel) => scalarCard(page, state, tag, { panel }));
}

function scalarSections(page, state) {
  const groups = new Map();
  for (const tag of page.tags) {
    const name = tag.group;
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(tag);
  }
  return [...groups].map(([name, tags]) => {
    const cards = () => (state.paired ? pairedTags(page, tags) : tags).flatMap((tag) => tagCards(page, state, tag));
    return { ...section(name, cards()), makeCards: cards };
  });
}

// The charts that whoever made the page has put first.
function pinnedSection(page, state) {
  const make = (tag) =>
    isSingle(tag) ? singleCard(page, state, tag) : scalarCard(page, state, tag, { section: "pinned" });
  return page.pinned.length
    ? [
        section(
          "Pinned",
          page.pinned.map((number) => make(page.tags[number])),
        ),
      ]
    : [];
}

// The charts of custom scalars.
function layoutSections(page, state) {
  return page.layouts.map(({ title, closed, charts }) => {
    const cards = charts.map((chart) => {
      const tag = chart.margins.length
        ? marginTag(page, chart.title, chart.margins)
        : combinedTag(
            chart.title,
            chart.tags.map((number) => page.tags[number]),
          );
      return scalarCard(page, state, tag, { section: `layout ${title}` });
    });
    const made = section(title, cards);
    made.element.open = !closed;
    return made;
  });
}

// The HTML of words was made from Markdown and sanitised when the page was made (markdown.py).
function wordsElement(html) {
  const element = h("div", { class: "prose words" });
  element.innerHTML = html;
  return element;
}

// Words at the top of the page, before groups and before charts.
function placeWords(page, sections) {
  for (const { place, html } of page.words) {
    if (!place) {
      byId("overview").prepend(wordsElement(html));
      continue;
    }
    const group = sections.find(({ title }) => title === place);
    const card = sections.flatMap(({ cards }) => cards).find(({ tag }) => tag.tag === place);
    if (card) card.element.before(wordsElement(html));
    else group?.element.querySelector(".grid").prepend(wordsElement(html));
  }
}

// Charts have become others: in panels, or whole again.
function remakeCards(page, sections, painter) {
  document.querySelectorAll(".words").forEach((words) => words.remove());
  for (const each of sections.filter(({ makeCards }) => makeCards)) {
    each.cards.forEach((card) => painter.forget(card));
    each.cards = each.makeCards();
    each.element.querySelector(".grid").replaceChildren(...each.cards.map((card) => card.element));
    each.count.textContent = formatCount(each.cards.length);
    if (painter.ready) each.cards.forEach((card) => painter.watch(card));
  }
  placeWords(page, sections);
}

function filterSections(sections, text) {
  const matches = matcher(text);
  for (const { element, cards, title, count } of sections) {
    let shown = 0;
    for (const card of cards) {
      card.element.hidden = !matches(card.tag.tag);
      if (!card.element.hidden) shown++;
    }
    const all = formatCount(cards.length);
    count.textContent = shown < cards.length ? `${formatCount(shown)} of ${all}` : all;
    element.hidden = !shown && Boolean(text) && !matches(title);
  }
}

// Scrolls to where a finding is, and points at it for a moment.
function goTo(page, state, cards, finding) {
  const card = cards.find(
    (each) =>
      each.tag.series?.length &&
      each.tag.tag === finding.tag &&
      !each.element.matches(".hero") &&
      (!each.panel || each.panel.runs.includes(finding.runNumber)),
  );
  if (!card) return;
  state.set({ tagFilter: "", highlighted: finding.runNumber });
  card.element.closest("details").open = true;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  card.element.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  card.element.classList.add("pointed");
  card.plot.focus({ preventScroll: true });
  setTimeout(() => {
    card.element.classList.remove("pointed");
    state.set({ highlighted: null });
  }, 2500);
}

function provenanceTable({ head, numbers, rows }) {
  const cell = (text, i) => h("td", { class: numbers.includes(i) && "number" }, text);
  const scroll = h("div", { class: "scroll", tabindex: "0" });
  const body = h("tbody", {});
  const add = (count) => body.append(...rows.splice(0, count).map((row) => h("tr", {}, row.map(cell))));
  const more = h("button", { type: "button", class: "plain" }, `Show ${formatCount(rows.length - WHOLE)} more`);
  more.addEventListener("click", () => {
    add(rows.length);
    more.remove();
  });
  add(WHOLE);
  const heads = head.map((name) => h("th", { scope: "col" }, name));
  scroll.append(h("table", {}, h("thead", {}, h("tr", {}, heads)), body));
  if (rows.length) scroll.append(more);
  return scroll;
}

// The table of what nobody has opened yet is not there.
function provenancePart(table) {
  const part = h("details", { open: !table.closed }, h("summary", {}, table.title));
  const build = () => part.open && part.children.length === 1 && part.append(provenanceTable(table));
  part.addEventListener("toggle", build);
  build();
  return part;
}

function showProvenance(page) {
  fill(byId("provenance"), {}, [
    h("h2", {}, "Where this comes from"),
    page.provenance.map((text) => h("p", {}, text)),
    page.provenance_tables.map(provenancePart),
  ]);
}

// Which groups are open is a choice, too.
function followOpen(state, sections) {
  for (const { element, title } of sections) {
    element.addEventListener("toggle", () => {
      if (element.open !== state.closed.includes(title)) return;
      const others = state.closed.filter((each) => each !== title);
      state.set({ closed: element.open ? others : [...others, title] });
    });
  }
  state.listen((changed) => {
    if (!changed.includes("closed")) return;
    for (const { element, title } of sections) element.open = !state.closed.includes(title);
  });
}

const DRAWN = [
  "smoothing",
  "x",
  "log",
  "symlog",
  "limits",
  "ignoreOutliers",
  "grouped",
  "hidden",
  "pinned",
  "linked",
  "mediaStep",
  "range",
  "colorBy",
  "groupBy",
];

async function start() {
  const page = readPage();
  attachArrays(page, arrayReader(await inflate(byId("numbers").textContent), page.arrays));
  linkFindings(page);
  const state = createState(page);
  const painter = createPainter();
  // Before all others, who draw in these colours.
  state.listen((changed) => changed.includes("colorBy") && recolor(page, state));

  showMasthead(page);
  showToolbar(page, state, () => painter.stale());
  attachKeys(state);
  showSidebar(page, state);
  const main = page.tags[page.main];
  const hero = main ? scalarCard(page, state, main, { hero: true }) : null;
  const go = (finding) => goTo(page, state, painter.cards, finding);
  const beside = hero && page.findings.length;
  const first = h("div", { class: beside ? "first" : "stacked" }, hero?.element, findingsPanel(page, state, go));
  const pair = comparison(page, state, painter);
  byId("overview").append(
    ...[first, page.diff && differencesPanel(page), pair.panel, runTable(page, state)].filter(Boolean),
  );
  const hparams = hparamSection(page, state);
  const compared = page.diff ? differenceCards(page, state) : [];
  const sections = [
    ...(compared.length ? [section("Differences, b minus a", compared)] : []),
    ...pinnedSection(page, state),
    ...layoutSections(page, state),
    ...scalarSections(page, state),
    ...mediaSections(page, state),
    ...(hparams ? [hparams] : []),
  ];
  byId("charts").append(...sections.map(({ element }) => element));
  placeWords(page, sections);
  const arrange = layOut(sections);
  followOpen(state, sections);
  showProvenance(page);

  let divided = "";
  state.listen((changed) => {
    // An address says all choices anew, and most of them are as they were.
    const wanted = `${state.paired} ${state.panelBy}`;
    const remade = wanted !== (divided || "false ");
    divided = wanted;
    if (remade) remakeCards(page, sections, painter);
    if (remade || changed.includes("tagFilter")) {
      filterSections(sections, state.tagFilter);
      arrange();
    }
    if (changed.includes("crosshair")) painter.near((card) => card.cross?.(state.crosshair));
    if (changed.includes("highlighted")) painter.cards.forEach((card) => emphasize(card, state));
    // Whoever zooms a chart has it before them; a zoom that comes with others is an address.
    const isRead = changed.includes("zooms") && changed.length > 1;
    if (isRead || changed.some((name) => DRAWN.includes(name))) painter.stale();
  });
  state.link = await attachLink(page, state);
  followColours(state);
  document.documentElement.dataset.shown = "true";

  await plotlyReady();
  painter.ready = true;
  if (hero) painter.watch(hero);
  pair.watch();
  for (const { cards } of sections) cards.forEach((card) => painter.watch(card));
  printLight(painter);
  restore();
  attachLive(page, state);
  document.documentElement.dataset.ready = "true";
}

// Paper is white: everything is drawn in light colours before it is printed.
function printLight(painter) {
  const root = document.documentElement;
  let before;
  window.addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    root.dataset.printing = "true";
    painter.stale();
    painter.drawAll();
  });
  window.addEventListener("afterprint", () => {
    delete root.dataset.printing;
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
    painter.stale();
  });
}

// Runs plotly.js, which takes the better part of a second, when the tables have been painted.
async function plotlyReady() {
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  if (document.readyState === "loading")
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve));
  const code = byId("plotly");
  if (code) {
    const script = document.createElement("script");
    script.textContent = new TextDecoder().decode(await inflate(code.textContent));
    document.head.append(script);
    code.remove();
  } else if (document.readyState !== "complete") {
    await new Promise((resolve) => window.addEventListener("load", resolve));
  }
}

// The data stand before this script, plotly.js behind it.
start();

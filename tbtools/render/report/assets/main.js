// Puts the page together.

function linkFindings(page) {
  const numbers = new Map(page.runs.map((run, i) => [run.name, i]));
  const tags = new Map(page.tags.map((tag) => [tag.tag, tag]));
  for (const cause of page.findings) {
    for (const finding of cause.findings) {
      finding.runNumber = numbers.get(finding.run);
      const tag = tags.get(finding.tag);
      if (tag) (tag.findings ||= []).push(finding);
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
  const element = h(
    "details",
    { class: "group", open: true },
    h("summary", {}, h("h2", {}, title, " ", count)),
    grid,
  );
  return { element, cards, title, count };
}

// Small groups share a row: each takes as many columns as it has cards.
function layOut(sections) {
  const columns = () => {
    const count = getComputedStyle(byId("charts")).gridTemplateColumns.split(" ").length;
    for (const { element, cards } of sections) {
      const shown = cards.filter((card) => !card.element.hidden).length;
      element.style.setProperty("--columns", Math.max(1, Math.min(count, shown)));
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

function hparamSection(page, state, objectives) {
  const found = hparamAxes(page, objectives);
  const compares = found.axes.length > 1 && found.axes.some((axis) => !axis.objective);
  if (!compares || found.runs.length < 2) return null;
  const parallel = h(
    "article",
    { class: "card double" },
    h("header", {}, h("h3", {}, "Parallel coordinates")),
    parallelCoordinates(page, state, found),
  );
  const cards = found.axes.some((axis) => axis.objective) ? [scatterCard(page, state, found)] : [];
  const made = section("Hyperparameters", cards);
  made.element.querySelector(".grid").prepend(parallel);
  made.element.querySelector("small").remove();
  made.element.classList.add("full");
  return made;
}

function scalarSections(page, state) {
  const groups = new Map();
  for (const tag of page.tags) {
    const name = tag.group;
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push((isSingle(tag) ? singleCard : scalarCard)(page, state, tag));
  }
  return [...groups].map(([name, cards]) => section(name, cards));
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

// Scrolls to where a finding is, shows its run, and points at it for a moment.
function goTo(page, state, cards, finding) {
  const card = cards.find(
    (each) =>
      each.tag.series?.length && each.tag.tag === finding.tag && !each.element.matches(".hero"),
  );
  if (!card) return;
  if (!state.isShown(finding.runNumber)) state.show([finding.runNumber], true);
  byId("tag-filter").value = "";
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

function showProvenance(page) {
  const { version, restarts, files } = page.provenance;
  const superseded = page.runs.reduce((sum, run) => sum + run.superseded, 0);
  const problems = page.runs.flatMap((run) =>
    run.problems.map((problem) => ({ run: run.name, ...problem })),
  );
  const notes = page.runs.flatMap((run) => run.notes.map((note) => ({ run: run.name, ...note })));
  const thinned = page.series.filter((series) => series.gap).length;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const sentences = [
    `Made by tbtools ${version} from ${plural(files.length, "event file")} (${formatBytes(bytes)}). All times are UTC.`,
    `Restarts: policy ${restarts}; ${superseded ? `${formatCount(superseded)} points superseded by later writer sessions are not shown` : "nothing was superseded"}.`,
    thinned
      ? `${formatCount(thinned)} of ${formatCount(page.series.length)} series are thinned for the screen (MinMaxLTTB; extremes and values that are not finite stay). Numbers in tables and findings come from all points.`
      : "Every point of every series is in this page.",
    page.refused > 0 &&
      `${plural(page.refused, "value")} with pictures or sounds did not fit the size allowed for them and are left out.`,
    page.unshown.length > 0 &&
      `In the event files and not on this page: ${page.unshown
        .map(([what, how]) => `${what} (in Python: ${how})`)
        .join(", ")}.`,
    ...page.not_judged.map((text) => `${text}.`),
    ...page.unreadable.map(({ path, message }) => `${path} could not be read: ${message}.`),
    ...page.hparams.undecodable.map((text) => `Hyperparameters that cannot be decoded: ${text}.`),
    ...page.undecodable.map((text) => `Not shown, as it cannot be decoded: ${text}.`),
    problems.length
      ? `${plural(problems.length, "problem")} in event files:`
      : "No event file is damaged.",
  ];
  const table = (head, rows) =>
    h(
      "div",
      { class: "scroll", tabindex: "0" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            head.map((name) => h("th", { scope: "col" }, name)),
          ),
        ),
        h("tbody", {}, rows),
      ),
    );
  fill(byId("provenance"), {}, [
    h("h2", {}, "Where this comes from"),
    ...sentences.filter(Boolean).map((text) => h("p", {}, text)),
    problems.length > 0 &&
      table(
        ["Run", "File", "Offset", "Kind", "What"],
        problems.map((each) =>
          h(
            "tr",
            {},
            h("td", {}, each.run),
            h("td", {}, each.file),
            h("td", { class: "number" }, formatCount(each.offset)),
            h("td", {}, each.kind),
            h("td", {}, each.message),
          ),
        ),
      ),
    notes.length > 0 && [
      h("p", {}, "To know of the order of the points:"),
      table(
        ["Run", "Note", "What"],
        notes.map((each) =>
          h(
            "tr",
            {},
            h("td", {}, each.run),
            h("td", {}, each.kind.replaceAll("_", " ")),
            h("td", {}, each.message),
          ),
        ),
      ),
    ],
    h(
      "details",
      {},
      h("summary", {}, "Files read"),
      table(
        ["Run", "File", "Bytes", "Records"],
        files.map((file) =>
          h(
            "tr",
            {},
            h("td", {}, file.run),
            h("td", {}, file.file),
            h("td", { class: "number" }, formatCount(file.bytes)),
            h("td", { class: "number" }, formatCount(file.records)),
          ),
        ),
      ),
    ),
  ]);
}

const DRAWN = ["smoothing", "x", "log", "ignoreOutliers", "grouped", "hidden"];

async function start() {
  const page = readPage();
  attachArrays(page, arrayReader(await inflate(byId("numbers").textContent), page.arrays));
  linkFindings(page);
  const state = createState(page);
  const objectives = objectiveColumns(page);
  const painter = createPainter();

  showMasthead(page, objectives);
  showToolbar(page, state, () => painter.stale());
  showSidebar(page, state);
  const main = objectives.find(({ tag }) => !isSingle(tag));
  const hero = main ? scalarCard(page, state, main.tag, { hero: true }) : null;
  const go = (finding) => goTo(page, state, painter.cards, finding);
  const beside = hero && page.findings.length;
  const first = h(
    "div",
    { class: beside ? "first" : "stacked" },
    hero?.element,
    findingsPanel(page, go),
  );
  byId("overview").append(
    ...[
      first,
      page.diff && differencesPanel(page),
      runTable(page, state, objectives),
    ].filter(Boolean),
  );
  const hparams = hparamSection(page, state, objectives);
  const compared = page.diff ? differenceCards(page, state) : [];
  const sections = [
    ...(compared.length ? [section("Differences, b minus a", compared)] : []),
    ...scalarSections(page, state),
    ...mediaSections(page, state),
    ...(hparams ? [hparams] : []),
  ];
  byId("charts").append(...sections.map(({ element }) => element));
  const arrange = layOut(sections);
  showProvenance(page);

  document.documentElement.dataset.shown = "true";

  state.listen((changed) => {
    if (changed.includes("tagFilter")) {
      filterSections(sections, state.tagFilter);
      arrange();
    }
    if (changed.includes("highlighted")) painter.cards.forEach((card) => emphasize(card, state));
    if (changed.some((name) => DRAWN.includes(name))) painter.stale();
  });
  await plotlyReady();
  if (hero) painter.watch(hero);
  for (const { cards } of sections) cards.forEach((card) => painter.watch(card));
  printLight(painter);
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
    script.textContent = code.textContent;
    document.head.append(script);
    code.remove();
  } else if (document.readyState !== "complete") {
    await new Promise((resolve) => window.addEventListener("load", resolve));
  }
}

// The data stand before this script, plotly.js behind it.
start();

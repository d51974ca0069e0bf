// Cards: a heading, a figure that is drawn when it comes into sight, and drawn again when needed.

import { cssColor, runSwatch } from "./axes.js";
import { bothEnds, h, oncePerFrame, svg } from "./dom.js";
import { scalarFigure } from "./figure.js";
import { downloadMenu } from "./download.js";
import { formatCount, formatRounded } from "./format.js";
import { attachTooltip, isMean, nearest } from "./tooltip.js";
import { tellBeyond } from "./view.js";

export const PLOTLY_OPTIONS = {
  displayModeBar: false,
  responsive: true,
  doubleClick: false,
  showTips: false,
};

// A chart fills its card; on paper, where the card is laid out too late for that, it has a width of
// its own.
const PRINTED_WIDTH = 156;
const PRINTED_HEIGHT = 112;

export function fitted(layout, card) {
  if (!document.documentElement.dataset.printing) return layout;
  const hero = card.element.matches(".hero");
  const width = hero || card.element.matches(".wide") ? 4 * PRINTED_WIDTH + 66 : PRINTED_WIDTH;
  const font = { ...layout.font, size: hero ? 10 : 8 };
  const small = (axis) => ({ ...axis, tickfont: { ...axis?.tickfont, size: font.size }, nticks: hero ? 8 : 4 });
  const axes = hero ? {} : { xaxis: small(layout.xaxis), yaxis: small(layout.yaxis) };
  return { ...layout, ...axes, font, autosize: false, width, height: hero ? 220 : PRINTED_HEIGHT };
}

// Draws cards that are near the screen; what is further off waits until it is scrolled to.
export function createPainter() {
  const cards = [];
  const near = new Set();
  // One a frame, from the top: the page stays quick, and the eye sees something at once.
  const paint = oncePerFrame(() => {
    const [next, ...rest] = cards.filter((card) => card.stale && near.has(card));
    if (!next) return;
    next.draw();
    if (rest.length) paint();
  });
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        const card = entry.target.card;
        entry.isIntersecting ? near.add(card) : near.delete(card);
      }
      paint();
    },
    { rootMargin: "300px 0px" },
  );
  const refit = oncePerFrame(() => cards.forEach((card) => fitNotes(card.element)));
  window.addEventListener("resize", refit);
  return {
    cards,
    // Whether plotly.js is there, and cards can be drawn.
    ready: false,
    forget(card) {
      observer.unobserve(card.element);
      near.delete(card);
      if (cards.includes(card)) cards.splice(cards.indexOf(card), 1);
      if (card.plot?._fullLayout) Plotly.purge(card.plot);
    },
    watch(card) {
      cards.push(card);
      card.element.card = card;
      card.stale = true;
      observer.observe(card.element);
    },
    /** @param {(card: any) => boolean} filter */
    stale(filter = () => true) {
      for (const card of cards) if (filter(card)) card.stale = true;
      paint();
    },
    near(action) {
      near.forEach(action);
    },
    // All at once, for printing.
    drawAll() {
      for (const card of cards) if (card.stale && !card.element.hidden) card.draw();
    },
  };
}

export function cardTitle(title) {
  return h("h3", { class: "both-ends", title, "aria-label": title }, bothEnds(title));
}

export function cardFrame({ title, tools, notes, label, className = "" }) {
  const plot = h("div", { class: "plot", tabindex: "0", role: "img", "aria-label": label });
  const element = h(
    "article",
    { class: `card ${className}` },
    h("header", {}, cardTitle(title), h("span", { class: "tools" }, tools)),
    notes,
    plot,
  );
  return { element, plot };
}

// Where there is nothing to draw that is said, and no axis is invented. Says whether there is anything.
export function hasAnything(card, count) {
  if (!card.nothing) {
    card.nothing = h("p", { class: "nothing muted" }, "No run that is shown has this.");
    card.plot.after(card.nothing);
  }
  card.nothing.hidden = count > 0;
  card.plot.hidden = !count;
  if (!count) Plotly.purge(card.plot);
  return count > 0;
}

function toolButton(text, label, action) {
  return h("button", { type: "button", class: "tool", title: label, "aria-label": label, onclick: action }, text);
}

export function expandButton(element, after) {
  const button = toolButton("⤢", "Larger", () => {
    const wide = element.classList.toggle("wide");
    button.setAttribute("aria-pressed", String(wide));
    after();
  });
  button.setAttribute("aria-pressed", "false");
  return button;
}

// A card of one tag of scalars.
/** @param {{hero?: boolean, section?: string, panel?: {name: string, runs: number[]}}} kind */
export function scalarCard(page, state, tag, kind = {}) {
  const { hero = false, panel = null } = kind;
  /** @type {any} */
  const card = { tag, panel, lines: [], stale: true };
  // Of a tag there may be two charts: the large one on top has zooms of its own.
  const title = panel ? `${tag.tag} · ${panel.name}` : tag.tag;
  const key = `${hero ? "top" : (kind.section ?? "chart")} ${title}`;
  Object.defineProperty(card, "zoom", {
    get: () => state.zooms[key] ?? null,
    set: (zoom) => {
      const { [key]: _, ...others } = state.zooms;
      state.set({ zooms: zoom ? { ...others, [key]: zoom } : others });
    },
  });
  const tools = [];
  const frame = cardFrame({
    title,
    tools,
    notes: tag.notes.length > 0 && h("ul", { class: "notes" }),
    label: tag.label,
    className: hero ? "hero" : "",
  });
  Object.assign(card, frame);
  const stored = h("p", { class: "stored muted", hidden: true });
  frame.plot.after(stored);
  card.tellStored = () => tellStored(card, stored);
  const beyond = h("p", { class: "beyond muted", hidden: true });
  frame.plot.before(beyond);
  const table = h("div", { class: "values", hidden: true });
  frame.element.append(table);
  const tableButton = toolButton("▤", `Numbers of ${tag.tag}`, () => {
    table.hidden = !table.hidden;
    tableButton.setAttribute("aria-expanded", String(!table.hidden));
    if (!table.hidden) table.replaceChildren(valuesTable(page, state, tag, card));
  });
  tableButton.setAttribute("aria-expanded", "false");
  const resize = () => {
    if (!card.plot._fullLayout) return;
    Plotly.Plots.resize(card.plot);
    fitNotes(card.element);
  };
  frame.element
    .querySelector(".tools")
    .append(tableButton, limitsMenu(state, tag), downloadMenu(card), hero ? "" : expandButton(frame.element, resize));

  card.draw = () => {
    card.stale = false;
    const seen = panel ? { ...state, isShown: (run) => panel.runs.includes(run) && state.isShown(run) } : state;
    showNotes(card, page, seen);
    const figure = scalarFigure(page, seen, tag, zoomedTo(card, state));
    // Panels are there to be compared: they have one range.
    if (panel) {
      const { layout, scale } = scalarFigure(page, state, tag, zoomedTo(card, state));
      // That of a symmetric axis depends on what is drawn.
      if (!state.symlog || scale.below === figure.scale.below) figure.layout.yaxis = layout.yaxis;
    }
    card.lines = figure.lines;
    card.traces = null;
    tellBeyond(beyond, figure.view, state, {
      showWhole: () => zoomTo(card, state, scalarFigure(page, seen, tag, Infinity).layout),
      goBack: () => undoZoom(card, state),
    });
    if (!hasAnything(card, card.lines.length)) return;
    applyZoom(card, state, figure.layout);
    const first = !card.plot._fullLayout;
    Plotly.react(card.plot, figure.data, fitted(figure.layout, card), PLOTLY_OPTIONS);
    card.figure = figure;
    if (first) attachZoom(card, state);
    if (!table.hidden) table.replaceChildren(valuesTable(page, state, tag, card));
    card.traces = figure.data;
    emphasize(card, state);
    card.tellStored();
    fitNotes(card.element);
  };
  attachTooltip(card, state);
  return card;
}

// A small form for the ends of the y axis of a chart.
function limitsMenu(state, tag) {
  const field = (end, label) => {
    const input = h("input", {
      type: "number",
      step: "any",
      placeholder: label,
      "aria-label": `${label} of the y axis of ${tag.tag}`,
      onchange: () => {
        const ends = [...state.limitsOf(tag)];
        ends[end] = input.value === "" ? null : Number(input.value);
        const { [tag.tag]: _, ...others } = state.limits;
        state.set({ limits: ends.every((each) => each === null) ? others : { ...others, [tag.tag]: ends } });
      },
    });
    return input;
  };
  const fields = [field(1, "top"), field(0, "bottom")];
  const menu = h(
    "details",
    {
      class: "menu",
      ontoggle: () => fields.forEach((each, i) => (each.value = state.limitsOf(tag)[1 - i] ?? "")),
    },
    h("summary", { class: "tool", title: "Limits of the y axis", "aria-label": `Limits of ${tag.tag}` }, "↕"),
    h("div", {}, fields),
  );
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") menu.open = false;
  });
  return menu;
}

// A zoom stays while other things change; a double click undoes it.
function attachZoom(card, state) {
  card.plot.on("plotly_relayout", (change) => {
    if (change["xaxis.range[0]"] === undefined) return;
    const { xaxis, yaxis } = card.plot._fullLayout;
    setZoom(card, state, xaxis.range, yaxis.range);
    card.tellStored();
  });
  card.plot.on("plotly_doubleclick", () => undoZoom(card, state));
}

// While charts are linked the x axes of all are zoomed.
function setZoom(card, state, range, y) {
  if (state.linked) return state.set({ range: { x: state.x, range: [...range] } });
  card.zoom = { x: state.x, range: [...range], y: [...y], log: state.log, symlog: state.symlog };
}

function zoomTo(card, state, { xaxis, yaxis }) {
  setZoom(card, state, xaxis.range, yaxis.range ?? card.plot._fullLayout.yaxis.range);
  card.draw();
}

function undoZoom(card, state) {
  card.zoom = null;
  if (state.linked) return state.set({ range: null });
  card.draw();
}

function zoomedTo(card, state) {
  const zoom = state.linked && state.range ? state.range : card.zoom;
  return zoom?.x === state.x ? Number(zoom.range[1]) : -Infinity;
}

// Along another x axis a zoom shows something else: it is undone. On another y axis it is the same.
function applyZoom(card, state, layout) {
  const common = state.linked && state.range?.x === state.x;
  if (common) layout.xaxis.range = state.range.range;
  if (card.zoom && card.zoom.x !== state.x) card.zoom = null;
  if (!card.zoom) return;
  const { range, y, log } = card.zoom;
  if (!common) layout.xaxis.range = range;
  const other = state.log ? Math.log10 : (end) => 10 ** end;
  // Between other axes than these a zoom means nothing.
  const ends = log === state.log ? y : y.map(other);
  if (Boolean(card.zoom.symlog) !== state.symlog) return;
  if (ends.every(Number.isFinite)) layout.yaxis.range = ends;
}

// So many buckets of points across a chart look like all points.
const ENOUGH = 60;

// Says that a zoom shows fewer points than there are, and how to get all of them.
function tellStored(card, element) {
  element.hidden = true;
  if (card.zoom?.x !== "step") return;
  const [low, high] = card.zoom.range;
  const steps = [Math.max(0, Math.ceil(low)), Math.floor(high)];
  const coarse = card.lines.some(({ series, x }) => {
    const inside = [...x.keys()].filter((i) => x[i] >= low && x[i] <= high);
    return inside.length < ENOUGH && inside.some((i) => isMean(series, i));
  });
  if (!coarse) return;
  const tags = (card.tag.parts ?? [card.tag.tag]).map((tag) => `--tag '${tag.replaceAll("'", "'\\''")}'`);
  element.hidden = false;
  element.replaceChildren(
    "No more points stored beyond this zoom: ",
    h("code", {}, `tbtools report LOGS -o zoom.html ${tags.join(" ")} --steps ${steps.join(":")}`),
  );
}

// The run that is pointed at somewhere stands out; the others step back.
function dims(trace, run) {
  return run !== null && (trace.crowd || (trace.runs && !trace.runs.includes(run)));
}

export function emphasize(card, state) {
  if (!card.traces) return;
  const run = state.highlighted;
  const nodes = card.plot.querySelectorAll(".scatterlayer > .trace");
  card.traces.forEach((trace, i) => {
    if (!nodes[i]) return;
    nodes[i].style.opacity = dims(trace, run) ? "0.12" : String(trace.opacity ?? 1);
  });
  const lost = run === null ? null : card.lines.find((line) => line.crowd && line.runs.includes(run));
  spotlight(card, lost);
}

// One of the crowd has no trace of its own: it is drawn over the chart while it is pointed at.
function spotlight(card, line) {
  card.light?.remove();
  if (!line || !card.plot._fullLayout) return;
  const { xaxis, yaxis, _size: size } = card.plot._fullLayout;
  let path = "";
  line.drawn.forEach((y, i) => {
    const pen = path && Number.isFinite(line.drawn[i - 1]) ? "L" : "M";
    if (!Number.isFinite(y)) return;
    path += `${pen}${xaxis.c2p(line.x[i]).toFixed(1)} ${yaxis.c2p(card.figure.scale.to(y)).toFixed(1)}`;
  });
  card.light = svg(
    "svg",
    { class: "spotlight", width: size.w, height: size.h, "aria-hidden": "true" },
    svg("path", { d: path, fill: "none", stroke: cssColor("--ink"), "stroke-width": 2 }),
  );
  Object.assign(card.light.style, { left: `${size.l}px`, top: `${size.t}px` });
  card.plot.append(card.light);
}

// More notes than these fit no card.
const MOST_NOTES = 8;

// What is marked in the chart, in words, each with its run: of the runs that are shown.
export function showNotes(card, page, state) {
  const list = card.element.querySelector(".notes");
  if (!list) return;
  const told = card.tag.notes.filter(({ run }) => state.isShown(run));
  const notes = told
    .slice(0, MOST_NOTES)
    .map(({ run, text, title, severity }) =>
      h("li", { class: `note ${severity ?? ""}`, title }, runSwatch(page, run), text),
    );
  const more = h("li", { class: "note more", hidden: true });
  more.count = told.length;
  list.replaceChildren(...notes, more);
}

// As many notes as stand in one line, and how many more there are.
export function fitNotes(element) {
  const list = element.querySelector(".notes");
  if (!list) return;
  const notes = [...list.children];
  const more = notes.pop();
  if (!more?.count) {
    if (more) more.hidden = true;
    return;
  }
  const isBelow = (note) => note.offsetTop > list.offsetTop + 4;
  for (let shown = notes.length; shown >= 0; shown--) {
    notes.forEach((note, i) => (note.hidden = i >= shown));
    more.hidden = shown === more.count;
    more.textContent = shown ? `+${formatCount(more.count - shown)}` : `${formatCount(more.count)} notes`;
    if (!isBelow(more.hidden ? notes[shown - 1] : more)) return;
  }
}

// What the lines have at both ends of what all charts show, and how much lies between.
function atEnds(state, card, series) {
  const line = card?.lines.find((each) => each.series === series);
  if (!line || !state.linked || state.range?.x !== state.x) return null;
  const ends = state.range.range.map(Number).map((end) => line.smooth[nearest(line.x, end, line.rises)]);
  return [...ends, ends[1] - ends[0]].map((each) => formatRounded(each));
}

// The numbers of a chart, from all points, and how many of them are drawn.
function valuesTable(page, state, tag, card) {
  const rows = tag.series
    .filter((series) => state.isShown(series.run))
    .map((series) => [series, atEnds(state, card, series)]);
  const ends = rows.some(([, found]) => found) ? ["At A", "At B", "Δ"] : [];
  const heads = ["Run", ...ends, "Last", "Least", "Greatest", "Not finite", "Points", "Drawn"];
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map(([series, found]) =>
        h(
          "tr",
          {},
          h(
            "th",
            { scope: "row" },
            runSwatch(page, series.run),
            page.runs[series.run].name,
            series.part && ` · ${series.part}`,
          ),
          [...(ends.length ? (found ?? ["", "", ""]) : []), ...series.row].map((text) =>
            h("td", { class: "number" }, text),
          ),
        ),
      ),
    ),
  );
}

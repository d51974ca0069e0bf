// Cards of tags of which every run has a single point: a chart of dots says less than the numbers.

import { formatCount } from "./format.js";
import { WHOLE } from "./rows.js";
import { runSwatch } from "./axes.js";
import { cardTitle, fitNotes, showNotes } from "./card.js";
import { h } from "./dom.js";
import { seriesOf } from "./marks.js";

export function isSingle(tag) {
  return Boolean(tag.single);
}

function singleRow(page, state, series) {
  const [last] = series.row;
  return h(
    "tr",
    {
      onpointerenter: () => state.set({ highlighted: series.run }),
      onpointerleave: () => state.set({ highlighted: null }),
    },
    h("th", { scope: "row" }, runSwatch(page, series.run), page.runs[series.run].name),
    h("td", { class: series.broken ? "number error" : "number" }, last),
    h("td", { class: "number" }, h("small", {}, `@${series.at}`)),
  );
}

function moreRow(count) {
  return h("tr", {}, h("td", { colspan: 3, class: "muted" }, `and ${formatCount(count)} more`));
}

export function singleCard(page, state, tag) {
  const body = h("tbody", {});
  const plot = h(
    "div",
    { class: "values single", tabindex: "0", role: "region", "aria-label": `Values of ${tag.tag}` },
    h("table", {}, body),
  );
  const element = h(
    "article",
    { class: "card" },
    h("header", {}, cardTitle(tag.tag)),
    tag.notes.length > 0 && h("ul", { class: "notes" }),
    plot,
  );
  const card = {
    tag,
    element,
    plot,
    draw() {
      card.stale = false;
      showNotes(card, page, state);
      const shown = tag.single.filter(state.isShown).map((run) => seriesOf(tag, run));
      body.replaceChildren(
        ...shown.slice(0, WHOLE).map((series) => singleRow(page, state, series)),
        ...(shown.length > WHOLE ? [moreRow(shown.length - WHOLE)] : []),
      );
      fitNotes(element);
    },
  };
  return card;
}

// The list of runs that shows and hides them everywhere, and that of groups of seeds.

import { virtualRows, WHOLE } from "./rows.js";
import { runSwatch } from "./axes.js";
import { bothEnds, breakable, h } from "./dom.js";
import { formatRounded } from "./format.js";
import { orderedRuns } from "./runtable.js";

// Where a name is longer than this, names are tight, below a line with what they have in common: cut off,
// they would look alike (run_names.py has it, too).
const NAME_IN_LIST = 22;
// What has room in one line beside a colour and a value.
const NAME_IN_ROW = 16;

// Whether no line of the list has room for all of a name.
function areLong(page) {
  return page.runs.some(({ short }) => short.length > NAME_IN_LIST);
}

function runItem(page, state, run) {
  const { name: whole, short, tight, cut } = page.runs[run];
  const box = h("input", {
    type: "checkbox",
    checked: true,
    "aria-label": whole,
    onchange: () => state.show([run], box.checked),
  });
  const isWhole = page.runs.length <= WHOLE;
  const shown = !areLong(page) ? short : isWhole ? tight[1] : cut;
  const only = h(
    "button",
    {
      type: "button",
      class: "only",
      title: `Show only ${whole}`,
      onclick: () => state.set({ hidden: new Set(page.runs.map((_, n) => n).filter((n) => n !== run)) }),
    },
    "only",
  );
  const { severity, text, message } = page.runs[run].status;
  const trouble = severity && h("span", { class: `dot ${severity}`, title: `${text}: ${message}` });
  const item = h(
    "li",
    {
      onpointerenter: () => state.set({ highlighted: run }),
      onpointerleave: () => state.set({ highlighted: null }),
    },
    h(
      "label",
      { title: whole },
      box,
      runSwatch(page, run),
      h("span", { class: "name" }, breakable(shown)),
      trouble,
    ),
    bestValue(page, run),
    only,
  );
  item.tell = () => {
    box.checked = state.isShown(run);
    item.classList.toggle("pinned", state.pinned.has(run));
  };
  item.tell();
  return item;
}

// The best value of the main objective.
function bestValue(page, run) {
  const [objective] = page.objectives;
  const cell = objective?.cells.find((each) => each.run === run);
  if (!cell || cell.best === null) return null;
  const title = `${objective.name}, best: ${cell.best_text} at step ${cell.best_step}`;
  return h("small", { class: "value", title }, formatRounded(cell.best, 4));
}

// The runs below each heading, sorted as the table is; all together where names are short.
function runsByHeading(page, runs) {
  const long = areLong(page);
  const found = new Map();
  for (const run of runs) {
    const heading = long ? page.runs[run].tight[0] : "";
    if (!found.has(heading)) found.set(heading, []);
    found.get(heading).push(run);
  }
  return [...found];
}

// Of an entry of a list that is too long to be whole, in pixels: with names of one line, and of two.
// controls.css has them, too.
const ENTRY = 28;
const HIGH_ENTRY = 46;

export function runList(page, state, scroll) {
  const long = page.runs.length > WHOLE;
  const high = long && page.runs.some(({ cut }) => areLong(page) && cut.length > NAME_IN_ROW);
  // A run is known by its number, a heading by its text.
  const make = (entry) =>
    typeof entry === "number"
      ? runItem(page, state, entry)
      : h(
          "li",
          { class: "directory", "aria-hidden": "true", title: entry },
          long && !high ? bothEnds(entry) : breakable(entry),
        );
  const body = h("ul", { class: `run-list${long ? " long" : ""}${high ? " high" : ""}` });
  const gap = (height) => h("li", { "aria-hidden": "true", style: { height: `${height}px` } });
  const list = virtualRows({ scroll, body, height: high ? HIGH_ENTRY : ENTRY, make, gap });
  const show = () => {
    const blocks = runsByHeading(page, orderedRuns(page, state));
    list.show(blocks.flatMap(([heading, runs]) => (heading ? [heading, ...runs] : runs)));
  };
  state.listen((changed) => {
    if (changed.includes("colorBy")) list.made.clear();
    if (["sort", "runFilter", "where", "colorBy"].some((name) => changed.includes(name))) show();
    if (!changed.includes("hidden") && !changed.includes("pinned")) return;
    for (const item of list.made.values()) item.tell?.();
  });
  show();
  return body;
}

// Groups of runs with the colours that they have as bands.
export function groupList(page, state) {
  const boxes = [];
  const makeItems = () =>
    page.groups.map((group, i) => {
      const box = h("input", {
        type: "checkbox",
        checked: true,
        onchange: () => state.show(group.runs, box.checked),
      });
      boxes.push(box);
      return h(
        "li",
        {},
        h(
          "label",
          { title: group.name },
          box,
          runSwatch(page, group.runs[0]),
          h("span", { class: "name" }, group.name, " ", h("small", {}, group.text)),
        ),
      );
    });
  const list = h("ul", { class: "run-list groups", hidden: true, "aria-label": "Groups" });
  state.listen((changed) => {
    if (changed.includes("grouped")) {
      list.hidden = !state.grouped;
      if (state.grouped && !boxes.length) list.append(...makeItems());
    }
    if (boxes.length && (changed.includes("hidden") || changed.includes("grouped"))) {
      page.groups.forEach((group, i) => (boxes[i].checked = group.runs.some((run) => state.isShown(run))));
    }
  });
  return list;
}

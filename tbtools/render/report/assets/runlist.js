// The list of runs that shows and hides them everywhere, and that of groups of seeds.

import { runSwatch } from "./axes.js";
import { breakable, h, matcher } from "./dom.js";

// Where a name is longer than this, names stand below a line with their directory: cut off, they
// would look alike.
const NAME_IN_LIST = 22;

function directoryOf(name) {
  return name.slice(0, name.lastIndexOf("/") + 1);
}

function runItem(page, state, run, directory) {
  const box = h("input", {
    type: "checkbox",
    checked: true,
    onchange: () => state.show([run], box.checked),
  });
  const whole = page.runs[run].name;
  const only = h(
    "button",
    {
      type: "button",
      class: "only",
      title: `Show only ${whole}`,
      onclick: () =>
        state.set({ hidden: new Set(page.runs.map((_, n) => n).filter((n) => n !== run)) }),
    },
    "only",
  );
  const { severity, text, message } = page.runs[run].status;
  const trouble =
    severity && h("span", { class: `dot ${severity}`, title: `${text}: ${message}` });
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
      h(
        "span",
        { class: "name" },
        directory && h("span", { class: "hidden-text" }, directory),
        breakable(whole.slice(directory.length)),
      ),
      trouble,
    ),
    only,
  );
  return { run, item, box };
}

// The runs of each directory, in the order of the first of them; all together where names are short.
function runsByDirectory(page) {
  const long = page.runs.some(({ name }) => name.length > NAME_IN_LIST);
  const found = new Map();
  page.runs.forEach(({ name }, run) => {
    const directory = long ? directoryOf(name) : "";
    if (!found.has(directory)) found.set(directory, []);
    found.get(directory).push(run);
  });
  return [...found];
}

export function runList(page, state) {
  const blocks = runsByDirectory(page).map(([directory, runs]) => {
    const items = runs.map((run) => runItem(page, state, run, directory));
    const heading =
      directory && h("li", { class: "directory", "aria-hidden": "true" }, breakable(directory));
    return { heading, items };
  });
  state.listen((changed) => {
    const matches = changed.includes("runFilter") && matcher(state.runFilter);
    for (const { heading, items } of blocks) {
      for (const { run, item, box } of items) {
        if (changed.includes("hidden")) box.checked = state.isShown(run);
        if (matches) item.hidden = !matches(page.runs[run].name);
      }
      if (matches && heading) heading.hidden = items.every(({ item }) => item.hidden);
    }
  });
  return h(
    "ul",
    { class: "run-list" },
    blocks.map(({ heading, items }) => [heading, items.map(({ item }) => item)]),
  );
}

// Groups of runs with the colours that they have as bands.
export function groupList(page, state) {
  const boxes = [];
  const items = page.groups.map((group, i) => {
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
  const list = h("ul", { class: "run-list groups", hidden: true, "aria-label": "Groups" }, items);
  state.listen((changed) => {
    if (changed.includes("grouped")) list.hidden = !state.grouped;
    if (changed.includes("hidden")) {
      page.groups.forEach(
        (group, i) => (boxes[i].checked = group.runs.some((run) => state.isShown(run))),
      );
    }
  });
  return list;
}

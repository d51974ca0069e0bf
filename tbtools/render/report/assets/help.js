// Shortcuts of the keyboard, and what tells of them.

import { byId, h } from "./dom.js";

const SHORTCUTS = [
  ["/", "search tags"],
  ["r", "filter runs"],
  ["1 2 3", "x axis: step, relative, wall time"],
  ["l", "logarithmic y axes"],
  ["k", "link charts: one crosshair, one zoom"],
  ["t", "dark or light"],
  ["← →", "move the crosshair of the chart that has the focus"],
  ["Esc", "close what is open"],
  ["?", "this help"],
];

const POINTER = [
  ["drag", "zoom a chart; double-click to go back"],
  ["click a line", "pin its run: it stands out everywhere; click again to let go"],
  ["only", "behind a run's name: hide all others"],
  ["⤓", "save a chart as SVG, PNG or CSV"],
  ["▤", "the numbers behind a chart"],
];

function rows(list) {
  return list.map(([key, text]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, text)));
}

function helpDialog() {
  const dialog = h(
    "dialog",
    { id: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keys and pointer"),
    h("table", {}, h("tbody", {}, rows(SHORTCUTS), rows(POINTER))),
    h("form", { method: "dialog" }, h("button", { class: "plain" }, "Close")),
  );
  document.body.append(dialog);
  return dialog;
}

// Keys that are typed into a field, or held with others, are none of ours.
function isTyped({ target, ctrlKey, metaKey, altKey }) {
  const typing = target.matches?.("input:not([type=checkbox]):not([type=radio]), select, textarea");
  return typing || ctrlKey || metaKey || altKey;
}

export function attachKeys(state) {
  const dialog = helpDialog();
  const button = h(
    "button",
    { type: "button", class: "tool", id: "help-button", title: "Help (?)", "aria-label": "Help" },
    "?",
  );
  button.addEventListener("click", () => dialog.showModal());
  byId("theme").before(button);
  const actions = {
    "?": () => dialog.showModal(),
    "/": () => byId("tag-filter").focus(),
    r: () => byId("run-filter").focus(),
    1: () => state.set({ x: "step" }),
    2: () => state.set({ x: "relative" }),
    3: () => state.set({ x: "wall" }),
    l: () => state.set({ log: !state.log }),
    k: () => state.set({ linked: !state.linked }),
    t: () => byId("theme").click(),
  };
  document.addEventListener("keydown", (event) => {
    const action = Object.hasOwn(actions, event.key) && actions[event.key];
    if (!action || dialog.open || isTyped(event)) return;
    event.preventDefault();
    action();
  });
}

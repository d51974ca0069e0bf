// Elements. Strangers' strings get into the page as text and as attributes that cannot run.

const SVG = "http://www.w3.org/2000/svg";

// What a control shows is what the state says, whoever has changed it.
export function follow(state, name, control) {
  state.listen((changed) => changed.includes(name) && control.set(state[name]));
  return control;
}

export function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** @returns {any} */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** @returns {any} */
export function byId(id) {
  return document.getElementById(id);
}

// A name that breaks behind its separators before it breaks anywhere else.
export function breakable(name) {
  return name.split(/(?<=[/,=_])/).flatMap((part, i) => (i ? [h("wbr"), part] : [part]));
}

// A name that does not fit is cut in its middle: how neighbours differ stands at their ends.
const LONG_NAME = 28;
const NAME_END = 20;

export function bothEnds(name, long = LONG_NAME, most = NAME_END) {
  const last = name.slice(name.lastIndexOf("/"));
  const telling = last.length > 5 && last.length <= most ? last : name.slice(-most);
  const end = name.length > long ? telling : "";
  const start = name.slice(0, name.length - end.length);
  return [h("span", {}, start), end && h("span", { class: "end" }, end)];
}

// Dashes of lines, as Plotly has them, in pixels: drawn and left out in turns.
const DASHES = {
  dash: [4, 2],
  dot: [2, 2],
  dashdot: [6, 2, 2, 2],
  longdash: [8, 2],
  longdashdot: [8, 2, 2, 2],
};

// The colour of a run, and the kind of its line where there are more runs than colours.
export function swatch(color, dash = "solid") {
  if (!DASHES[dash]) return h("span", { class: "swatch", style: { background: color }, "aria-hidden": "true" });
  const line = svg("line", { x1: 0, y1: 3, x2: 18, y2: 3, stroke: color, "stroke-width": 3 });
  line.setAttribute("stroke-dasharray", DASHES[dash].join(" "));
  const drawn = svg("svg", { width: 18, height: 6, viewBox: "0 0 18 6" }, line);
  return h("span", { class: "swatch dashed", "aria-hidden": "true" }, drawn);
}

// Calls `action` once in the next frame, however often it is asked for.
export function oncePerFrame(action) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      action();
    });
  };
}

// A filter as the search fields have it: a regular expression, or what it says where it is none.
export function matcher(text) {
  if (!text) return () => true;
  try {
    const expression = new RegExp(text, "i");
    return (name) => expression.test(name);
  } catch {
    const lower = text.toLowerCase();
    return (name) => name.toLowerCase().includes(lower);
  }
}

// A choice of several; `set` shows which one it is.
export function segmented(label, choices, chosen, choose) {
  const name = `choice-${segmented.count++}`;
  const element = h(
    "fieldset",
    { class: "segmented" },
    h("legend", {}, label),
    choices.map(([value, text]) =>
      h(
        "label",
        {},
        h("input", {
          type: "radio",
          name,
          value,
          checked: value === chosen,
          onchange: () => choose(value),
        }),
        h("span", {}, text),
      ),
    ),
  );
  element.set = (value) => {
    for (const input of element.querySelectorAll("input")) input.checked = input.value === value;
  };
  return element;
}
segmented.count = 0;

export function toggle(label, id, checked, choose, title) {
  const input = h("input", {
    type: "checkbox",
    id,
    checked,
    onchange: () => choose(input.checked),
  });
  const element = h("label", { class: "toggle", title }, input, h("span", {}, label));
  element.set = (value) => (input.checked = value);
  return element;
}

// A page that is written anew while runs go on: it is read again, and stands as it stood.

import { h } from "./dom.js";

const QUIET = 2000;
// So long an answer may take, in milliseconds, of a large page from far away.
const PATIENCE = 20_000;

/** @returns {any[]} */
function all(selector) {
  return [...document.querySelectorAll(selector)];
}

// What the reader has opened and moved that is not in the address, by what it is called.
function standing() {
  const pressed = all(".card button:is([aria-pressed='true'], [aria-expanded='true'])");
  const moved = all(".card :is(input[type=range], select)");
  return {
    scroll: scrollY,
    pressed: pressed.map(nameOf),
    // The last step is that of the next page, which has more of them.
    moved: moved.filter(({ value, max }) => value !== max).map((control) => [nameOf(control), control.value]),
  };
}

function nameOf(control) {
  const title = control.closest(".card").querySelector("h3").textContent;
  return `${title}: ${control.getAttribute("aria-label")}`;
}

// Opens and moves it again.
export function restore() {
  const { standing: before } = history.state ?? {};
  if (!before) return;
  const pressed = new Set(before.pressed);
  const moved = new Map(before.moved);
  for (const button of all(".card button[aria-label]")) if (pressed.has(nameOf(button))) button.click();
  for (const control of all(".card :is(input[type=range], select)")) {
    if (!moved.has(nameOf(control))) continue;
    control.value = moved.get(nameOf(control));
    control.dispatchEvent(new Event(control.matches("select") ? "change" : "input"));
  }
  history.replaceState(null, "");
  scrollTo(0, before.scroll);
}

// Which page stands in the file now; undefined where nothing answers. A page of a file can read no
// file, not even its own, but it can show it in a frame, where the first script of the page tells what
// it is and reads no further (page.py). An address that is its own would not be opened in a frame.
function currentVersion() {
  const url = new URL(location.href);
  url.hash = "";
  url.search += `${url.search ? "&" : "?"}version`;
  const frame = h("iframe", { src: url.href, sandbox: "allow-scripts", title: "What the file says now", hidden: true });
  return new Promise((resolve) => {
    const settle = (answer) => {
      window.removeEventListener("message", hear);
      clearTimeout(timer);
      frame.remove();
      resolve(answer);
    };
    const hear = ({ source, data }) => source === frame.contentWindow && settle(data);
    const timer = setTimeout(settle, PATIENCE);
    window.addEventListener("message", hear);
    document.body.append(frame);
  });
}

// Reads the page again when it has become another one, and nobody is at it.
export function attachLive(page, state) {
  if (!page.live) return;
  history.scrollRestoration = "manual";
  let latest = 0;
  const touch = () => (latest = performance.now());
  for (const name of ["pointermove", "pointerdown", "keydown", "wheel", "input"])
    document.addEventListener(name, touch, { passive: true });
  const isBusy = () => performance.now() - latest < QUIET || document.hidden || document.querySelector("dialog[open]");
  const look = async () => {
    if (isBusy()) return setTimeout(look, QUIET / 2);
    const version = await currentVersion();
    if (version === document.documentElement.dataset.version) return setTimeout(look, page.live * 1000);
    if (isBusy()) return setTimeout(look, QUIET / 2);
    await state.link.write();
    history.replaceState({ standing: standing() }, "");
    location.reload();
  };
  setTimeout(look, page.live * 1000);
}

// A page that is written anew while runs go on: it is read again, and stands as it stood.

const QUIET = 2000;

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

// Reads the page again after a while, when nobody is at it.
export function attachLive(page, state) {
  if (!page.live) return;
  history.scrollRestoration = "manual";
  let latest = 0;
  const touch = () => (latest = performance.now());
  for (const name of ["pointermove", "pointerdown", "keydown", "wheel", "input"])
    document.addEventListener(name, touch, { passive: true });
  const look = async () => {
    const busy = performance.now() - latest < QUIET || document.hidden || document.querySelector("dialog[open]");
    if (busy) return setTimeout(look, QUIET / 2);
    await state.link.write();
    history.replaceState({ standing: standing() }, "");
    location.reload();
  };
  setTimeout(look, page.live * 1000);
}

// Long lists: only what is in sight has elements.

import { oncePerFrame } from "./dom.js";

// Lists up to this length are whole, for find-in-page and for paper.
export const WHOLE = 100;
// So many rows above and below what is in sight are there already.
const BESIDE = 12;

// Which of `count` rows of a height are in sight, a few beside them among them.
export function inSight(count, height, top, room) {
  const first = Math.max(0, Math.floor(top / height) - BESIDE);
  const last = Math.min(count, Math.ceil((top + room) / height) + BESIDE);
  return [Math.min(first, count), Math.max(last, Math.min(first, count))];
}

// Fills `body`, which scrolls in `scroll`, with rows that `make` gives for the entries of a list; each
// has the same height in a list that is not whole. `gap` makes an element of a height for those that
// are not there.
export function virtualRows({ scroll, body, height, make, gap }) {
  const made = new Map();
  const rowOf = (entry) => {
    if (!made.has(entry)) made.set(entry, make(entry));
    return made.get(entry);
  };
  let entries = [];
  let drawn = "";
  const draw = () => {
    const { length } = entries;
    const room = scroll.clientHeight || 600;
    const [first, last] = length <= WHOLE ? [0, length] : inSight(length, height, scroll.scrollTop, room);
    const range = `${first} ${last}`;
    if (range === drawn) return;
    drawn = range;
    /** @type {any} */
    const focused = body.contains(document.activeElement) && document.activeElement;
    const rows = entries.slice(first, last).map(rowOf);
    const [above, below] = [first * height, (length - last) * height];
    body.replaceChildren(...(above ? [gap(above)] : []), ...rows, ...(below ? [gap(below)] : []));
    if (focused && body.contains(focused)) focused.focus({ preventScroll: true });
  };
  scroll.addEventListener("scroll", oncePerFrame(draw), { passive: true });
  new ResizeObserver(oncePerFrame(draw)).observe(scroll);
  return {
    made,
    show(list) {
      entries = list;
      drawn = "";
      draw();
    },
  };
}

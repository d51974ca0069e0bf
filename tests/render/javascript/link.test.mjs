// The choices in an address: what is written is read back, and nothing else is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { choicesOf, decodeChoices, encodeChoices, readChoices } from "../../../tbtools/render/report/assets/link.js";

const page = { runs: [{ name: "a" }, { name: "b" }, { name: "ü/%" }] };
const first = { x: "step", log: false, smoothing: 0.6, tagFilter: "", zooms: {}, theme: null };
const none = { hidden: new Set(), pinned: new Set() };

test("an address is read back as it was written", async () => {
  const state = { ...first, ...none, x: "wall", tagFilter: "ü#&=", hidden: new Set([2]), pinned: new Set([0, 1]) };
  const hash = await encodeChoices(choicesOf(page, state, first));
  assert.match(hash, /^#s=[A-Za-z0-9_-]+$/);
  const found = readChoices(page, await decodeChoices(hash), first);
  for (const [name, value] of Object.entries(state)) assert.deepEqual(found[name], value, name);
});

test("runs that are not on this page are left out, and the order does not count", () => {
  const others = { runs: [{ name: "ü/%" }, { name: "new" }, { name: "a" }] };
  const found = readChoices(others, { hidden: ["a", "gone"], not_pinned: ["new"] }, first);
  assert.deepEqual([found.hidden, found.pinned], [new Set([2]), new Set([0, 2])]);
});

test("what no control could set is not set", () => {
  const odd = {
    x: "up",
    log: "yes",
    smoothing: 1,
    theme: "<b>",
    zooms: { a: { x: "step", log: false, range: ["<b>", {}], y: [0, 1] } },
    hidden: [{}],
    evil: 1,
  };
  assert.deepEqual(readChoices(page, odd, first), { ...readChoices(page, {}, first) });
});

test("an address that says nothing is none", async () => {
  for (const hash of ["", "#charts", "#s=", "#s=AAAA", "#s=!!"]) assert.equal(await decodeChoices(hash), null);
});

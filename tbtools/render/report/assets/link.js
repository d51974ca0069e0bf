// What the reader has chosen, in the address of the page: it can be sent, and the browser goes back.

import { inflate } from "./data.js";
import { isEmbedded, keepChoices, keptChoices } from "./embedded.js";

const MARK = "#s=";
// A slider that is still moving, or a word that is still being typed, is no place to come back to.
const PAUSE = 400;

function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export async function encodeChoices(choices) {
  const json = new Blob([JSON.stringify(choices)]);
  const stream = json.stream().pipeThrough(new CompressionStream("deflate"));
  return MARK + toBase64(new Uint8Array(await new Response(stream).arrayBuffer()));
}

// Null for an address that says nothing, or nothing that can be understood.
export async function decodeChoices(hash) {
  if (!hash.startsWith(MARK)) return null;
  try {
    const base64 = hash.slice(MARK.length).replaceAll("-", "+").replaceAll("_", "/");
    const choices = JSON.parse(new TextDecoder().decode(await inflate(base64)));
    return choices && typeof choices === "object" ? choices : null;
  } catch {
    return null;
  }
}

const isOneOf = (choices) => (value) => choices.includes(value);
const isText = (value) => typeof value === "string";
const isFlag = (value) => typeof value === "boolean";
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const isList = (value) => Array.isArray(value) && value.every(isText);
// Numbers, or dates as Plotly writes them.
const isEnd = (value) => isNumber(value) || (isText(value) && /^[-\d:. ]+$/.test(value));
const isRange = (value) => Array.isArray(value) && value.length === 2 && value.every(isEnd);
const isPair = (value) =>
  Array.isArray(value) && value.length === 2 && value.every((end) => end === null || isNumber(end));
const isZoom = (value) => value && isText(value.x) && isFlag(value.log) && isRange(value.range) && isRange(value.y);

// What stands in an address, each with what it may be: a stranger may have written it.
const KINDS = {
  smoothing: (value) => isNumber(value) && value >= 0 && value < 1,
  leastSmoothed: isNumber,
  x: (value) => isText(value) && (["step", "relative", "active", "wall"].includes(value) || value.startsWith("tag:")),
  log: isFlag,
  symlog: isFlag,
  paired: isFlag,
  limits: (value) => value && typeof value === "object" && Object.values(value).every(isPair),
  ignoreOutliers: isFlag,
  grouped: isFlag,
  linked: isFlag,
  mediaStep: isNumber,
  theme: isOneOf(["light", "dark"]),
  tagFilter: isText,
  runFilter: isText,
  where: isText,
  colorBy: isText,
  groupBy: isText,
  panelBy: isText,
  brushes: (value) => value && typeof value === "object" && Object.values(value).every(isRange),
  compared: (value) => isList(value) && value.length <= 2,
  closed: isList,
  sort: (value) => value && isNumber(value.column) && isFlag(value.descending),
  range: (value) => value && isText(value.x) && isRange(value.range),
  zooms: (value) => value && typeof value === "object" && Object.values(value).every(isZoom),
};

// Sets of runs go by their names: the next page of the same log may have more of them.
const SETS = ["hidden", "pinned"];

// The choices that are not those with which the page begins.
export function choicesOf(page, state, first) {
  const found = {};
  for (const name of Object.keys(KINDS)) {
    if (JSON.stringify(state[name]) !== JSON.stringify(first[name])) found[name] = state[name];
  }
  for (const name of SETS) {
    if (!state[name].size) continue;
    const some = page.runs.filter((_, run) => state[name].has(run)).map((run) => run.name);
    const others = page.runs.filter((_, run) => !state[name].has(run)).map((run) => run.name);
    // Whichever list is the shorter one.
    if (some.length <= others.length) found[name] = some;
    else found[`not_${name}`] = others;
  }
  return found;
}

// The whole of the choices that an address stands for.
export function readChoices(page, choices, first) {
  const found = {};
  for (const [name, fits] of Object.entries(KINDS)) {
    found[name] = name in choices && fits(choices[name]) ? choices[name] : first[name];
  }
  for (const name of SETS) {
    const [some, others] = [choices[name], choices[`not_${name}`]].map((each) => (isList(each) ? new Set(each) : null));
    const isIn = ({ name: run }) => (some ? some.has(run) : others ? !others.has(run) : false);
    found[name] = new Set([...page.runs.keys()].filter((run) => isIn(page.runs[run])));
  }
  return found;
}

// Keeps the address and the choices the same.
export async function attachLink(page, state) {
  const first = structuredClone(Object.fromEntries(Object.keys(KINDS).map((n) => [n, state[n]])));
  let written = location.hash;
  let timer = 0;
  let latest = 0;
  const write = async () => {
    const turn = ++latest;
    const choices = choicesOf(page, state, first);
    // In a notebook the colours are those of the notebook.
    if (isEmbedded()) delete choices.theme;
    const hash = Object.keys(choices).length ? await encodeChoices(choices) : "";
    // What was chosen meanwhile is written by a later call, which may end before this one.
    if (turn !== latest) return;
    if (hash === written || (!hash && !written.startsWith(MARK))) return;
    written = hash;
    location.hash = hash;
    keepChoices(hash);
  };
  const read = async (hash = location.hash) => {
    clearTimeout(timer);
    const turn = ++latest;
    const choices = await decodeChoices(hash);
    if (turn !== latest) return;
    if (choices || written.startsWith(MARK)) state.set(readChoices(page, choices ?? {}, first));
    written = hash;
  };
  window.addEventListener("hashchange", () => location.hash !== written && read());
  await read(keptChoices());
  state.listen((changed) => {
    if (!changed.some((name) => name in KINDS || SETS.includes(name))) return;
    clearTimeout(timer);
    timer = window.setTimeout(write, PAUSE);
  });
  return { write };
}

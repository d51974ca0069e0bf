// The data of the page: JSON, and typed arrays as columns.py has packed them.

import { byId } from "./dom.js";

const TYPES = {
  f4: Float32Array,
  f8: Float64Array,
  u1: Uint8Array,
  u4: Uint32Array,
  d4: Int32Array,
};

function fromBase64(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

export async function inflate(base64) {
  const stream = new Blob([fromBase64(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Byte planes back to numbers; differences back to what they are differences of.
function unpack(bytes, offset, code, length) {
  const Type = TYPES[code];
  const size = Type.BYTES_PER_ELEMENT;
  const whole = new Uint8Array(length * size);
  for (let plane = 0; plane < size; plane++) {
    const start = offset + plane * length;
    for (let i = 0; i < length; i++) whole[i * size + plane] = bytes[start + i];
  }
  const stored = new Type(whole.buffer);
  if (code !== "d4") return stored;
  const summed = new Float64Array(length);
  let sum = 0;
  for (let i = 0; i < length; i++) summed[i] = sum += stored[i];
  return summed;
}

export function arrayReader(bytes, shapes) {
  const offsets = [];
  let end = 0;
  for (const [code, length] of shapes) {
    offsets.push(end);
    end += length * TYPES[code].BYTES_PER_ELEMENT;
  }
  const cache = new Map();
  return (number) => {
    if (!cache.has(number)) {
      cache.set(number, unpack(bytes, offsets[number], ...shapes[number]));
    }
    return cache.get(number);
  };
}

export function readPage() {
  return JSON.parse(byId("page").textContent);
}

// Series get getters for their arrays, so that what is never drawn is never unpacked.
export function attachArrays(page, array) {
  const names = ["step", "to", "ms", "value", "low", "high", "count", "slope", "mean", "spread"];
  for (const series of [...page.series, ...page.group_series]) {
    for (const name of names) {
      const number = series[name];
      if (number === undefined) continue;
      Object.defineProperty(series, name, { get: () => array(number) });
    }
  }
  const tags = new Map(page.tags.map((tag) => [tag.tag, tag]));
  for (const tag of page.tags) Object.assign(tag, { series: [], groups: [], findings: [] });
  for (const series of page.series) page.tags[series.tag].series.push(series);
  for (const series of page.group_series) tags.get(series.tag).groups.push(series);
  for (const objective of page.objectives) objective.series = page.tags[objective.tag].series;
  page.array = array;
}

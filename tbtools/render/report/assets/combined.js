// Charts of several tags: training beside validation, and what layouts of custom scalars ask for.

import { along, middle } from "./grouping.js";
import { seriesOf } from "./marks.js";

const PART_DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];

// The same series as one part of a chart: its arrays are those of the original.
function asPart(series, part, dash, margin) {
  const found = Object.create(series);
  return Object.assign(found, { part, dash, ...(margin ? { margin } : {}) });
}

// Several tags as one that can be drawn: a run has a kind of line for each of them.
export function combinedTag(title, parts) {
  const series = parts.flatMap(({ tag, series: own = [] }, i) =>
    own.map((each) => (parts.length > 1 ? asPart(each, tag, PART_DASHES[i % PART_DASHES.length]) : each)),
  );
  const names = parts.map(({ tag }) => tag);
  return {
    tag: title,
    parts: names,
    series,
    findings: parts.flatMap(({ findings = [] }) => findings),
    notes: parts.flatMap(({ notes }) => notes),
    label: `Chart of ${names.join(", ")}`,
  };
}

// Lines within margins: of each run the value, between what two other tags have at the same steps.
export function marginTag(page, title, margins) {
  const parts = margins.map((numbers) => numbers.map((number) => page.tags[number]));
  const found = combinedTag(
    title,
    parts.map(([value]) => value),
  );
  found.series = parts.flatMap(([value, ...edges], i) =>
    value.series.map((each) => {
      const own = edges.map((edge) => seriesOf(edge, each.run)).filter(Boolean);
      const places = Array.from(each.step.keys(), (k) => middle(each, k));
      const margin = own.map((edge) => Float64Array.from(along(edge, places), ([height]) => height));
      return asPart(each, value.tag, PART_DASHES[i % PART_DASHES.length], margin.length === 2 ? margin : null);
    }),
  );
  return found;
}

// The tags of a group, those that stand in one chart with others once.
export function pairedTags(page, tags) {
  const first = new Map();
  const others = new Set();
  for (const numbers of page.pairs) {
    const pair = numbers.map((number) => page.tags[number]);
    if (pair.some(({ single }) => single)) continue;
    first.set(pair[0], pair);
    pair.slice(1).forEach((tag) => others.add(tag));
  }
  return tags
    .filter((tag) => !others.has(tag))
    .map((tag) =>
      first.has(tag)
        ? combinedTag(
            first
              .get(tag)
              .map((each) => each.tag)
              .join(", "),
            first.get(tag),
          )
        : tag,
    );
}

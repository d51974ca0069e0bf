// Cards of meshes, embeddings and graphs.

import { axisStyle, cssColor, runColor, runSwatch } from "./axes.js";
import { cardTitle } from "./card.js";
import { h, oncePerFrame, swatch } from "./dom.js";
import { escapeForPlotly } from "./labels.js";
import { formatCount } from "./format.js";
import { caption, plotCard, steppedCard } from "./media.js";

const MESH_SIZE = 260;
const LIGHT = [0.4, 0.5, 0.77];

// The middle of some points, and how far the farthest is from it.
function boundsOf(vertices) {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < vertices.length; i++) {
    if (vertices[i] < low[i % 3]) low[i % 3] = vertices[i];
    if (vertices[i] > high[i % 3]) high[i % 3] = vertices[i];
  }
  const centre = low.map((each, axis) => (each + high[axis]) / 2);
  return { centre, radius: Math.hypot(...low.map((each, axis) => (high[axis] - each) / 2)) || 1 };
}

// Points turned by two angles, x to the right, y up, z to whoever looks, in units of the radius.
export function turned(vertices, { centre, radius }, yaw, pitch) {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  const found = new Float32Array(vertices.length);
  for (let i = 0; i < vertices.length; i += 3) {
    const [x, y, z] = [0, 1, 2].map((axis) => (vertices[i + axis] - centre[axis]) / radius);
    const depth = -x * sy + z * cy;
    found[i] = x * cy + z * sy;
    found[i + 1] = y * cp - depth * sp;
    found[i + 2] = y * sp + depth * cp;
  }
  return found;
}

// Whose depth is least comes first: what is nearer covers it.
function byDepth(count, depth) {
  const depths = Float32Array.from({ length: count }, (_, i) => depth(i));
  return Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => depths[a] - depths[b]);
}

function channels(color) {
  return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
}

function drawMesh(canvas, { vertices, faces, colors, bounds, color }, { yaw, pitch }) {
  const context = canvas.getContext("2d");
  const scale = window.devicePixelRatio || 1;
  canvas.width = canvas.height = MESH_SIZE * scale;
  context.scale(scale, scale);
  const at = turned(vertices, bounds, yaw, pitch);
  const place = (vertex, axis) => MESH_SIZE / 2 + (axis ? -1 : 1) * at[3 * vertex + axis] * MESH_SIZE * 0.47;
  const own = channels(color);
  const colorOf = (vertex, channel) => (colors ? colors[3 * vertex + channel] : own[channel]);
  if (!faces) {
    for (const vertex of byDepth(vertices.length / 3, (i) => at[3 * i + 2])) {
      context.fillStyle = `rgb(${[0, 1, 2].map((channel) => colorOf(vertex, channel))})`;
      context.fillRect(place(vertex, 0) - 1, place(vertex, 1) - 1, 2, 2);
    }
    return;
  }
  const corners = (face) => [faces[3 * face], faces[3 * face + 1], faces[3 * face + 2]];
  for (const face of byDepth(faces.length / 3, (i) => corners(i).reduce((sum, each) => sum + at[3 * each + 2], 0))) {
    const [a, b, c] = corners(face);
    const [u, v] = [b, c].map((each) => [0, 1, 2].map((axis) => at[3 * each + axis] - at[3 * a + axis]));
    const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    const facing = normal.reduce((sum, each, axis) => sum + each * LIGHT[axis], 0) / (Math.hypot(...normal) || 1);
    const bright = 0.45 + 0.55 * Math.abs(facing);
    const shade = [0, 1, 2].map((k) => Math.round(((colorOf(a, k) + colorOf(b, k) + colorOf(c, k)) / 3) * bright));
    context.fillStyle = context.strokeStyle = `rgb(${shade})`;
    context.beginPath();
    context.moveTo(place(a, 0), place(a, 1));
    context.lineTo(place(b, 0), place(b, 1));
    context.lineTo(place(c, 0), place(c, 1));
    context.closePath();
    context.fill();
    context.stroke();
  }
}

// Meshes that are turned by dragging or by the arrow keys, all of a card alike.
export function meshCard(page, state, group) {
  const view = { yaw: 0.6, pitch: 0.4 };
  const canvases = new Map();
  const draw = oncePerFrame(() => {
    for (const [canvas, mesh] of canvases) canvas.isConnected ? drawMesh(canvas, mesh, view) : canvases.delete(canvas);
  });
  const turn = (right, down) => {
    view.yaw += right;
    view.pitch = Math.max(-1.57, Math.min(1.57, view.pitch + down));
    draw();
  };
  return steppedCard(page, state, group, "meshes", (series, i) => {
    const [vertices, faces, colors] = series.items[i].map((number) => (number === null ? null : page.array(number)));
    const canvas = h("canvas", {
      tabindex: "0",
      role: "img",
      "aria-label": `${series.tag} of ${page.runs[series.run].name} at step ${series.steps[i]}; arrow keys turn it`,
    });
    canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener(
      "pointermove",
      (event) => event.buttons && turn(event.movementX / 90, event.movementY / 90),
    );
    canvas.addEventListener("keydown", (event) => {
      const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!move) return;
      event.preventDefault();
      turn(move[0] / 8, move[1] / 8);
    });
    canvases.set(canvas, { vertices, faces, colors, bounds: boundsOf(vertices), color: runColor(page, series.run) });
    draw();
    return h("figure", {}, canvas, caption(page, series, i));
  });
}

// Labels that have colours of their own; of more of them all points have that of the run.
const MOST_LABELS = 10;

// The points of an embedding in the plane in which they spread most.
export function embeddingCard(page, state, group) {
  const card = plotCard(page, group, [], () => {
    const [series] = group.series.filter(({ run }) => state.isShown(run));
    if (!series) return { data: [], layout: {} };
    const [{ x, y, labels }] = series.items;
    const kinds = [...new Set(labels)];
    const { palette } = page.drawing;
    const few = kinds.length > 1 && kinds.length <= MOST_LABELS;
    legend.replaceChildren(
      ...(few ? kinds.map((kind, i) => h("li", {}, swatch(palette[i % palette.length]), kind)) : []),
    );
    const color = few
      ? labels.map((label) => palette[kinds.indexOf(label) % palette.length])
      : runColor(page, series.run);
    const trace = {
      type: "scatter",
      mode: "markers",
      x: page.array(x),
      y: page.array(y),
      text: labels.map(escapeForPlotly),
      hovertemplate: labels.length ? "%{text}<extra></extra>" : undefined,
      hoverinfo: labels.length ? undefined : "skip",
      marker: { color, size: 5, line: { width: 0.5, color: cssColor("--card") } },
    };
    const axis = { ...axisStyle(), zeroline: false };
    return {
      data: [trace],
      layout: { hovermode: "closest", xaxis: axis, yaxis: { ...axis, scaleanchor: "x" } },
    };
  });
  const legend = h("ul", { class: "legend beside" });
  const { limited } = group.series[0];
  card.element.append(legend, h("p", { class: "muted" }, `Two principal components: ${limited}`));
  return card;
}

// Nodes by the parts of their names: a name to what is below it, "" to the node itself.
export function graphTree(nodes) {
  const root = { children: new Map(), count: 0, node: null };
  for (const node of nodes) {
    let place = root;
    root.count++;
    for (const part of node[0].split("/")) {
      if (!place.children.has(part)) place.children.set(part, { children: new Map(), count: 0, node: null });
      place = place.children.get(part);
      place.count++;
    }
    place.node = node;
  }
  return root;
}

// A scope with one thing in it stands in a line with that.
function wholeName(name, place) {
  while (place.children.size === 1 && !place.node) {
    const [[next, below]] = place.children;
    [name, place] = [`${name}/${next}`, below];
  }
  return [name, place];
}

function treeItems(place) {
  return [...place.children].map(([first, child]) => {
    const [name, found] = wholeName(first, child);
    const [, op, size] = found.node ?? [];
    const told = h("small", {}, [op, size].filter(Boolean).join(" · "));
    if (!found.children.size) return h("li", {}, name, " ", told);
    const count = h("small", {}, ` ${formatCount(found.count)}`);
    const list = h("ul", {});
    // What nobody has unfolded is not there.
    const build = (event) => event.target.open && !list.children.length && list.append(...treeItems(found));
    return h("li", {}, h("details", { ontoggle: build }, h("summary", {}, name, count, " ", told), list));
  });
}

export function graphCard(page, state, group) {
  const [series] = group.series;
  const tree = h("ul", { class: "tree" }, treeItems(graphTree(series.items[0])));
  const place = h("div", { class: "media", tabindex: "0", role: "region", "aria-label": group.tag }, tree);
  const element = h(
    "article",
    { class: "card media-card" },
    h("header", {}, runSwatch(page, series.run), cardTitle(group.tag)),
    place,
    h("p", { class: "muted" }, series.limited),
  );
  const card = { tag: group, element, stale: false, draw: () => (card.stale = false) };
  return card;
}

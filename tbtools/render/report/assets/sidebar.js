// The side of the page with the runs, and the toolbar of all charts.

import { byId, follow, h, oncePerFrame, segmented, toggle } from "./dom.js";
import { formatCount, formatRounded } from "./format.js";
import { groupList, runList } from "./runlist.js";
import { colorAxes, colorLegend, groupAxes } from "./coloring.js";
import { filteredRuns, parseWhere } from "./where.js";

// A field for expressions of --where, which says what is wrong with one.
function whereField(page, state, only) {
  const wrong = h("p", { class: "error", id: "where-error", hidden: true });
  const field = h("input", {
    type: "search",
    id: "where",
    placeholder: "Where, as lr>=1e-3",
    "aria-label": "Filter runs by an expression of --where",
    "aria-describedby": "where-error",
    oninput: () => state.set({ where: field.value }),
    onkeydown: only,
  });
  const tell = () => {
    try {
      if (state.where.trim()) parseWhere(page, state.where);
      wrong.textContent = "";
    } catch (error) {
      wrong.textContent = error.message;
    }
    wrong.hidden = !wrong.textContent;
    field.setAttribute("aria-invalid", String(!wrong.hidden));
  };
  field.set = (text) => (field.value = text);
  follow(state, "where", field);
  state.listen((changed) => changed.includes("where") && tell());
  return [field, wrong];
}

// By what runs are coloured, put together, and put into panels.
function dressing(page, state) {
  const chooser = (label, name, none, axes) => {
    const select = h(
      "select",
      { "aria-label": label, onchange: () => state.set({ [name]: select.value }) },
      h("option", { value: "" }, none),
      axes.map((axis) => h("option", { value: axis.name }, axis.name)),
    );
    // An address may name what this page does not have.
    select.set = (value) => (select.value = axes.some((axis) => axis.name === value) ? value : "");
    return h("label", { class: "chooser" }, h("span", {}, label), follow(state, name, select));
  };
  const [colors, groups] = [colorAxes(page), groupAxes(page)];
  const legend = h("div", {});
  state.listen((changed) => {
    if (changed.includes("colorBy")) legend.replaceChildren(...[colorLegend(page, state)].filter(Boolean));
  });
  return [
    colors.length > 0 && [chooser("Colour by", "colorBy", "run", colors), legend],
    groups.length > 0 && chooser("Group by", "groupBy", "nothing", groups),
    groups.length > 0 && chooser("Panels by", "panelBy", "nothing", groups),
  ];
}

export function showSidebar(page, state) {
  const filter = h("input", {
    type: "search",
    id: "run-filter",
    placeholder: "Filter runs (regex)",
    "aria-label": "Filter runs by a regular expression",
    oninput: () => state.set({ runFilter: filter.value }),
    onkeydown: (event) => only(event),
  });
  filter.set = (text) => (filter.value = text);
  follow(state, "runFilter", filter);
  const left = () => filteredRuns(page, state);
  const set = (shown) => state.show(left(), shown);
  const onlyThese = () => {
    const kept = new Set(left());
    state.set({ hidden: new Set([...page.runs.keys()].filter((run) => !kept.has(run))) });
  };
  const only = (event) => event.key === "Enter" && onlyThese();
  const count = h("small", {});
  const tell = () => {
    const shown = page.runs.length - state.hidden.size;
    count.textContent = `${formatCount(shown)} of ${page.run_count} shown`;
  };
  state.listen((changed) => changed.includes("hidden") && tell());
  tell();
  /** @type {any} */
  const details = h(
    "details",
    { open: window.matchMedia("(min-width: 900px)").matches },
    h("summary", {}, h("span", {}, "Runs "), count),
    dressing(page, state),
    filter,
    whereField(page, state, only),
    h(
      "div",
      { class: "buttons" },
      h(
        "button",
        { type: "button", title: "Show the runs that the filters leave, hide all others", onclick: onlyThese },
        "Only these",
      ),
      h("button", { type: "button", onclick: () => set(true) }, "Show all"),
      h("button", { type: "button", onclick: () => set(false) }, "Hide all"),
    ),
    groupList(page, state),
  );
  details.append(runList(page, state, details));
  byId("sidebar").append(details);
}

function smoothingControl(state) {
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 0.999,
    step: 0.001,
    value: state.smoothing,
    id: "smoothing",
  });
  const number = h("input", {
    type: "number",
    min: 0,
    max: 0.999,
    step: 0.05,
    value: state.smoothing,
    "aria-label": "Smoothing weight",
  });
  const change = oncePerFrame(() => state.set({ smoothing: Number(slider.value), leastSmoothed: 0 }));
  slider.addEventListener("input", () => {
    number.value = slider.value;
    change();
  });
  number.addEventListener("input", () => {
    slider.value = Math.min(0.999, Math.max(0, Number(number.value) || 0));
    change();
  });
  state.listen((changed) => {
    if (changed.includes("smoothing") && Number(slider.value) !== state.smoothing)
      slider.value = number.value = state.smoothing;
  });
  const title =
    "TensorBoard's smoothing, of all points; what is raw stays faint behind. Short series are smoothed when the slider is moved.";
  return h("div", { class: "smoothing", title }, h("label", { for: "smoothing" }, "Smoothing"), slider, number);
}

function themeButton(state, restyle) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (state.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const button = h("button", {
    type: "button",
    class: "tool",
    id: "theme",
    onclick: () => state.set({ theme: dark() ? "light" : "dark" }),
  });
  const tell = () => {
    if (state.theme) document.documentElement.dataset.theme = state.theme;
    else delete document.documentElement.dataset.theme;
    button.textContent = dark() ? "☀" : "☾";
    button.title = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", dark() ? "Light colours" : "Dark colours");
  };
  const change = () => {
    tell();
    restyle();
  };
  state.listen((changed) => changed.includes("theme") && change());
  system.addEventListener("change", change);
  tell();
  return button;
}

// Says that all charts are zoomed, and undoes it.
function rangeChip(state) {
  const chip = h("button", { type: "button", class: "chip", id: "range" });
  chip.addEventListener("click", () => state.set({ range: null }));
  const tell = () => {
    chip.hidden = !state.linked || state.range?.x !== state.x;
    if (chip.hidden) return;
    const ends = state.range.range.map((end) => (typeof end === "number" ? formatRounded(end) : end));
    chip.textContent = `A ${ends[0]} – B ${ends[1]} ×`;
  };
  state.listen(tell);
  tell();
  return chip;
}

// Puts the address with all that was chosen into the clipboard.
function linkButton(state) {
  const button = h(
    "button",
    {
      type: "button",
      class: "plain",
      id: "copy-link",
      title: "Copies the address of this page with everything that is chosen on it",
      onclick: async () => {
        await state.link.write();
        try {
          await navigator.clipboard.writeText(location.href);
          button.textContent = "Copied";
        } catch {
          button.textContent = "It stands in the address bar";
        }
        setTimeout(() => (button.textContent = "Copy link"), 2000);
      },
    },
    "Copy link",
  );
  return button;
}

// Any scalar as the x axis.
function tagAxisChooser(page, state) {
  const select = h(
    "select",
    { "aria-label": "Another scalar as x axis", onchange: () => state.set({ x: select.value || "step" }) },
    h("option", { value: "" }, "x: scalar …"),
    page.tags.map(({ tag }) => h("option", { value: `tag:${tag}` }, tag)),
  );
  select.set = (x) => (select.value = x.startsWith("tag:") ? x : "");
  return follow(state, "x", select);
}

export function showToolbar(page, state, restyle) {
  const search = h("input", {
    type: "search",
    id: "tag-filter",
    placeholder: "Search tags (regex)",
    "aria-label": "Search tags by a regular expression",
    oninput: () => state.set({ tagFilter: search.value }),
  });
  search.set = (text) => (search.value = text);
  follow(state, "tagFilter", search);
  const flag = (label, id, name, title) =>
    follow(
      state,
      name,
      toggle(label, id, state[name], (value) => state.set({ [name]: value }), title),
    );
  const controls = [
    search,
    page.tags.length > 0 && smoothingControl(state),
    page.tags.length > 0 &&
      follow(
        state,
        "x",
        segmented(
          "x axis",
          [
            ["step", "Step"],
            ["relative", "Relative"],
            ["active", "Active"],
            ["wall", "Wall time"],
          ],
          state.x,
          (x) => state.set({ x }),
        ),
      ),
    page.tags.length > 1 && tagAxisChooser(page, state),
    page.tags.length > 0 &&
      flag("Log y", "log", "log", "Logarithmic y axes; values of 0 and less have no place on them"),
    page.tags.length > 0 &&
      flag("Symlog y", "symlog", "symlog", "Logarithmic on both sides of zero, a line close to it"),
    page.pairs.length > 0 && flag("Train with val", "paired", "paired", "Training and validation in one chart"),
    page.tags.length > 0 &&
      flag(
        "Ignore outliers",
        "outliers",
        "ignoreOutliers",
        "Leaves out what lies far beyond the 5th to 95th percentile, where these would be squeezed into a fifth of the chart",
      ),
    page.tags.length > 0 &&
      flag("Link charts", "linked", "linked", "One crosshair and one zoom of the x axis for all charts"),
    page.groups.length > 0 &&
      flag(
        "Seeds as bands",
        "grouped",
        "grouped",
        "Runs that repeat one another as their mean and one standard deviation to either side",
      ),
    rangeChip(state),
    h("span", { class: "right" }, linkButton(state), themeButton(state, restyle)),
  ];
  const toolbar = byId("toolbar");
  toolbar.append(...controls.filter(Boolean));
  // What sticks below the toolbar has to know where that ends: it may take several lines.
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--toolbar", `${toolbar.offsetHeight}px`);
  }).observe(toolbar);
}

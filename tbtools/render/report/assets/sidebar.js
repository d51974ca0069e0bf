// The side of the page with the runs, and the toolbar of all charts.

import { byId, h, matcher, oncePerFrame, segmented, toggle } from "./dom.js";
import { formatCount } from "./format.js";
import { groupList, runList } from "./runlist.js";

function filteredRuns(page, state) {
  const matches = matcher(state.runFilter);
  return page.runs.map((_, i) => i).filter((i) => matches(page.runs[i].name));
}

export function showSidebar(page, state) {
  const filter = h("input", {
    type: "search",
    placeholder: "Filter runs (regex)",
    "aria-label": "Filter runs by a regular expression",
    oninput: () => state.set({ runFilter: filter.value }),
  });
  const set = (shown) => state.show(filteredRuns(page, state), shown);
  const count = h("small", {});
  const tell = () => {
    const shown = page.runs.length - state.hidden.size;
    count.textContent = `${formatCount(shown)} of ${page.run_count} shown`;
  };
  state.listen((changed) => changed.includes("hidden") && tell());
  tell();
  const details = h(
    "details",
    { open: window.matchMedia("(min-width: 900px)").matches },
    h("summary", {}, h("span", {}, "Runs "), count),
    filter,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", onclick: () => set(true) }, "Show all"),
      h("button", { type: "button", onclick: () => set(false) }, "Hide all"),
    ),
    groupList(page, state),
    runList(page, state),
  );
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
  const title =
    "TensorBoard's smoothing, of all points; what is raw stays faint behind. Short series are smoothed when the slider is moved.";
  return h(
    "div",
    { class: "smoothing", title },
    h("label", { for: "smoothing" }, "Smoothing"),
    slider,
    number,
  );
}

function themeButton(restyle) {
  const root = document.documentElement;
  const dark = () =>
    (root.dataset.theme ||
      (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const button = h("button", {
    type: "button",
    class: "tool",
    id: "theme",
    onclick: () => {
      root.dataset.theme = dark() ? "light" : "dark";
      tell();
      restyle();
    },
  });
  const tell = () => {
    button.textContent = dark() ? "☀" : "☾";
    button.title = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", dark() ? "Light colours" : "Dark colours");
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    tell();
    restyle();
  });
  tell();
  return button;
}

export function showToolbar(page, state, restyle) {
  const search = h("input", {
    type: "search",
    id: "tag-filter",
    placeholder: "Search tags (regex)",
    "aria-label": "Search tags by a regular expression",
    oninput: () => state.set({ tagFilter: search.value }),
  });
  const controls = [
    search,
    page.tags.length > 0 && smoothingControl(state),
    page.tags.length > 0 &&
      segmented(
        "x axis",
        [
          ["step", "Step"],
          ["relative", "Relative"],
          ["wall", "Wall time"],
        ],
        state.x,
        (x) => state.set({ x }),
      ),
    page.tags.length > 0 &&
      toggle(
        "Log y",
        "log",
        state.log,
        (log) => state.set({ log }),
        "Logarithmic y axes; values of 0 and less have no place on them",
      ),
    page.tags.length > 0 &&
      toggle(
        "Ignore outliers",
        "outliers",
        state.ignoreOutliers,
        (ignoreOutliers) => state.set({ ignoreOutliers }),
        "Shows the 5th to 95th percentile where the rest would be squeezed into a fifth of the chart",
      ),
    page.groups.length > 0 &&
      toggle(
        "Seeds as bands",
        "grouped",
        state.grouped,
        (grouped) => state.set({ grouped }),
        "Runs that repeat one another as their mean and one standard deviation to either side",
      ),
    themeButton(restyle),
  ];
  byId("toolbar").append(...controls.filter(Boolean));
}

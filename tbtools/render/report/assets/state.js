// What the reader has chosen, once for all charts.

export function createState(page) {
  const listeners = [];
  const state = {
    smoothing: page.smoothing,
    // Shorter series are smoothed when the reader moves the slider.
    leastSmoothed: page.least_smoothed,
    // Runs that stand out.
    pinned: new Set(),
    // All charts show the same part of the x axis, and the same crosshair.
    linked: false,
    // Whoever embeds the page says which colours it has at first.
    theme: document.documentElement.dataset.theme ?? null,
    sort: page.table.sort,
    // Groups of charts that are closed, by their titles; zooms of charts, by their keys.
    closed: [],
    zooms: {},
    // The part of the x axis that all charts show while they are linked, and where the pointer is.
    range: null,
    crosshair: null,
    // The step at which all sliders stand while charts are linked.
    mediaStep: null,
    x: "step",
    log: false,
    symlog: false,
    // Ends of the y axes of charts, by their tags; null for one that is not set.
    limits: {},
    // Training and validation in one chart.
    paired: false,
    ignoreOutliers: true,
    grouped: false,
    tagFilter: "",
    runFilter: "",
    // An expression of --where; names of what runs are coloured, grouped and put into panels by.
    where: "",
    colorBy: "",
    groupBy: "",
    panelBy: "",
    // Parts of the axes of hyperparameters that are shown, by their names, from 0 to 1.
    brushes: {},
    // Two runs that are compared, by their names.
    compared: [],
    hidden: new Set(),
    highlighted: null,
    // Tells all who listen what has changed: one or several of the names above.
    set(changes) {
      // An axis is one of these, or neither.
      if (changes.log) changes = { symlog: false, ...changes };
      if (changes.symlog) changes = { log: false, ...changes };
      Object.assign(state, changes);
      const names = Object.keys(changes);
      for (const listener of listeners) listener(names);
    },
    listen(listener) {
      listeners.push(listener);
    },
    weightOf(series) {
      return (series.n ?? series.value.length) < state.leastSmoothed ? 0 : state.smoothing;
    },
    // Tags are strangers' words: one may be called as something that every object has.
    limitsOf({ tag }) {
      return Object.hasOwn(state.limits, tag) ? state.limits[tag] : [null, null];
    },
    isShown(run) {
      return !state.hidden.has(run);
    },
    show(runs, shown) {
      const hidden = new Set(state.hidden);
      for (const run of runs) shown ? hidden.delete(run) : hidden.add(run);
      state.set({ hidden });
    },
  };
  return state;
}

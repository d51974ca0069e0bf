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
    theme: null,
    sort: page.table.sort,
    // Groups of charts that are closed, by their titles; zooms of charts, by their keys.
    closed: [],
    zooms: {},
    // The part of the x axis that all charts show while they are linked, and where the pointer is.
    range: null,
    crosshair: null,
    x: "step",
    log: false,
    ignoreOutliers: true,
    grouped: false,
    tagFilter: "",
    runFilter: "",
    hidden: new Set(),
    highlighted: null,
    // Tells all who listen what has changed: one or several of the names above.
    set(changes) {
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

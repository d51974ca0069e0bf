// A page in a notebook's cell: it has the colours of the notebook, which keeps what is chosen on it.

export function isEmbedded() {
  return document.documentElement.dataset.embedded === "true";
}

// What was chosen when the notebook was saved, as it stands in an address.
export function keptChoices() {
  return document.documentElement.dataset.choices || location.hash;
}

export function keepChoices(hash) {
  if (isEmbedded()) parent.postMessage({ choices: hash }, "*");
}

export function followColours(state) {
  if (!isEmbedded()) return;
  // Which may have become others while this page was read.
  parent.postMessage({ ready: true }, "*");
  window.addEventListener("message", ({ source, data }) => {
    if (source === parent && ["light", "dark"].includes(data?.theme)) state.set({ theme: data.theme });
  });
}

// Everything that is known of one run, as `tbtools explain` says it.

import { h } from "./dom.js";

// A button behind the name of a run. The HTML of a panel is markdown.py's, which leaves nothing in it that
// runs or is fetched.
export function explainButton(page, run) {
  const { name } = page.runs[run];
  const label = `Everything about ${name}`;
  const open = () => {
    const body = h("div", { class: "prose", tabindex: "0" });
    if (page.panels[run] === undefined) body.append(h("code", {}, "tbtools explain LOGS --run RUN"));
    else body.innerHTML = page.panels[run];
    const dialog = h(
      "dialog",
      { class: "explained", "aria-label": label },
      body,
      h("form", { method: "dialog" }, h("button", { class: "plain" }, "Close")),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };
  const attributes = { type: "button", class: "tool about", title: label, "aria-label": label };
  return h("button", { ...attributes, onclick: open });
}

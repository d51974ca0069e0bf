// A page in a frame of a notebook's cell; the frame reaches nothing of the notebook.

// Whether what lies behind an element is dark.
function isDark(element) {
  for (let each = element; each; each = each.parentElement) {
    const channels =
      getComputedStyle(each)
        .backgroundColor.match(/[\d.]+/g)
        ?.map(Number) ?? [];
    if (channels.length < 3 || channels[3] === 0) continue;
    return channels[0] * 0.3 + channels[1] * 0.6 + channels[2] * 0.1 < 128;
  }
  return false;
}

function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.title = "Charts";
  const show = () => {
    const chosen = model.get("theme");
    const theme = chosen === "auto" ? (isDark(el) ? "dark" : "light") : chosen;
    frame.style.cssText = `width: 100%; height: ${model.get("height")}px; border: 0; color-scheme: ${theme}`;
    frame.srcdoc = model.get("page").replace("<html ", `<html data-embedded="true" data-theme="${theme}" `);
  };
  for (const name of ["page", "theme", "height"]) model.on(`change:${name}`, show);
  el.append(frame);
  show();
}

export default { render };

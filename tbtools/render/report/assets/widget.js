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

// Milliseconds after which the styles of other colours may have been loaded: nobody tells.
const SETTLED = [300, 1000, 3000];
// As the page writes them into an address.
const CHOICES = /^(#s=[\w-]*)?$/;

function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.title = "Charts";
  let theme;
  const color = () => {
    const chosen = model.get("theme");
    theme = chosen === "auto" ? (isDark(el) ? "dark" : "light") : chosen;
    frame.style.cssText = `width: 100%; height: ${model.get("height")}px; border: 0; color-scheme: ${theme}`;
  };
  const show = () => {
    color();
    const choices = CHOICES.test(model.get("choices")) ? model.get("choices") : "";
    const said = `data-embedded="true" data-theme="${theme}" data-choices="${choices}"`;
    frame.srcdoc = model.get("page").replace("<html ", `<html ${said} `);
    recolorSoon();
  };
  for (const name of ["page", "theme", "height"]) model.on(`change:${name}`, show);
  // Notebooks change their colours by attributes of the body or of the whole document.
  const recolor = () => {
    const before = theme;
    color();
    if (theme !== before) frame.contentWindow?.postMessage({ theme }, "*");
  };
  const recolorSoon = () => SETTLED.forEach((pause) => setTimeout(recolor, pause));
  const observer = new MutationObserver(recolorSoon);
  for (const each of [document.documentElement, document.body]) observer.observe(each, { attributes: true });
  const hear = ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    if (data?.ready) frame.contentWindow.postMessage({ theme }, "*");
    if (typeof data?.choices !== "string" || !CHOICES.test(data.choices)) return;
    model.set("choices", data.choices);
    model.save_changes();
  };
  window.addEventListener("message", hear);
  el.append(frame);
  // A saved notebook draws its cells before they stand in it: nobody knows their colours then.
  const placed = new ResizeObserver(() => (frame.srcdoc ? recolor() : show()));
  placed.observe(el);
  return () => {
    placed.disconnect();
    observer.disconnect();
    window.removeEventListener("message", hear);
  };
}

export default { render };

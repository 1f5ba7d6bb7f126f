// A button for each curve, which hides it and shows it again, and beside it the curve's value.

function legendOf(figure) {
  const legend = element("div", {
    class: "legend",
    role: "group",
    "aria-label": `Curves of figure ${figure.number}`,
  });
  for (const panel of figure.panels) {
    const layers = panel.layers.filter(({ kind }) => [...DRAWN, "band"].includes(kind));
    const buttons = layers.map(buttonOf);
    if (buttons.length === 0) continue;
    const row = element("div", { class: "curves" });
    if (panel.title) row.append(element("b", {}, panel.title));
    row.append(...buttons);
    legend.append(row);
  }
  return legend.childElementCount ? legend : null;
}

function buttonOf(layer) {
  const sample = svgElement("svg", { width: 22, height: 8, "aria-hidden": "true" });
  const stroke = { stroke: layer.colour, "stroke-width": 2, "stroke-dasharray": layer.dash };
  sample.append(svgElement("line", { x1: 0, y1: 4, x2: 22, y2: 4, ...stroke }));
  layer.value = element("span", { class: "value" });
  const attributes = { type: "button", "aria-pressed": "true" };
  const button = element("button", attributes, sample, layer.name || "curve", layer.value);
  button.addEventListener("click", () => {
    layer.isShown = !layer.isShown;
    button.setAttribute("aria-pressed", layer.isShown);
    for (const group of layer.groups) group.style.display = layer.isShown ? "" : "none";
    layer.dots?.forEach((dot) => dot.classList.toggle("off", !layer.isShown));
  });
  return button;
}

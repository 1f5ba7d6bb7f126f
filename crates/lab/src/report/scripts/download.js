// A figure as SVG or PNG, as it is shown, and its numbers as CSV.

// How many pixels of a PNG there are to a unit of the figure.
const PIXELS = 3;

// The figure without the curves that are hidden and without what scripts have drawn.
function svgText(figure) {
  const copy = figure.svg.cloneNode(true);
  copy.querySelector(".overlay").remove();
  for (const group of copy.querySelectorAll("g[data-layer]")) {
    if (group.style.display === "none") group.remove();
    else group.replaceWith(...group.childNodes);
  }
  return `${new XMLSerializer().serializeToString(copy)}\n`;
}

async function png(figure) {
  const { width, height } = figure.svg.viewBox.baseVal;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(figure))}`;
  await image.decode();
  const canvas = element("canvas", { width: PIXELS * width, height: PIXELS * height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

// A row of the figure's numbers a line, whatever is shown; empty where it has no numbers.
function csv(figure) {
  const rows = [];
  for (const panel of figure.panels) {
    for (const layer of panel.layers) {
      const edges = layer.kind === "cells" ? layer.lines[1].x : null;
      for (const [index, line] of layer.lines.entries()) {
        if (edges && index < 2) continue;
        const name = edges
          ? `${layer.name}, ${panel.y.label} ${exact(edges[index - 2])} to ${exact(edges[index - 1])}`
          : line.name;
        const low = (row) => (line.low ? [line.low[row], line.high[row]] : [NaN, NaN]);
        line.x.forEach((x, row) => {
          rows.push([panel.title, name, ...[x, line.y[row], ...low(row)].map(exact)]);
        });
      }
    }
  }
  if (rows.length === 0) return "";
  const isGrid = figure.panels.some(({ layers }) => layers.some(({ kind }) => /matrix|cells/.test(kind)));
  const label = (axis) => {
    const labels = new Set(figure.panels.map((panel) => panel[axis].label));
    return labels.size === 1 && !isGrid ? [...labels][0] : axis;
  };
  rows.unshift(["panel", "curve", label("x"), isGrid ? "value" : label("y"), "low", "high"]);
  // Columns that no row fills are left out; those of the numbers never are.
  const isKept = (at) => at === 2 || at === 3 || rows.some((row, index) => index > 0 && row[at] !== "");
  const kept = [0, 1, 2, 3, 4, 5].filter(isKept);
  return rows.map((row) => `${kept.map((at) => field(row[at])).join(",")}\n`).join("");
}

function field(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function save(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// The buttons of a figure.
function toolsOf(figure) {
  const file = figure.name.replaceAll(/[^\w.-]+/g, "-") || "figure";
  const tools = element("div", { class: "tools" });
  const add = (format, make, title) => {
    const name = `Download ${title} of figure ${figure.number} as ${format}`;
    const button = element("button", { type: "button", "aria-label": name, title: name }, format);
    button.addEventListener("click", async () => save(await make(), `${file}.${format.toLowerCase()}`));
    tools.append(button);
  };
  add("SVG", () => new Blob([svgText(figure)], { type: "image/svg+xml" }), "the drawing");
  add("PNG", () => png(figure), "the drawing");
  const longest = figure.lines.reduce((most, line) => Math.max(most, line.of), 0);
  if (longest > 0) {
    const thinned = figure.lines.some((line) => line.x.length < line.of);
    const what = thinned ? `evenly spaced rows (of up to ${longest})` : "the numbers";
    add("CSV", () => new Blob([csv(figure)], { type: "text/csv;charset=utf-8" }), what);
  }
  return tools;
}

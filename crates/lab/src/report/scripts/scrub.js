// One step, chosen at the top of the page and shown in every figure that has steps on its axis.

// The recorded steps that have a place in some figure, rising.
function stepsOf(panels) {
  const found = new Set();
  for (const panel of panels) {
    for (const line of recorded(panel).flatMap((layer) => layer.lines)) {
      line.x.forEach((step, row) => !Number.isNaN(line.places[row][0]) && found.add(step));
    }
  }
  return Float64Array.from(found).sort();
}

function recorded(panel) {
  return panel.layers.filter((layer) => RECORDED.includes(layer.kind));
}

// Puts the line of a step into a panel, a dot on each curve and the values into the legend.
function showStep(figure, panel, step) {
  const [left, right, top, bottom] = panel.frame;
  const x = place(panel.x, step, left, right);
  panel.cursor ??= figure.overlay.appendChild(
    svgElement("line", { class: "cursor", y1: top, y2: bottom }),
  );
  panel.cursor.classList.toggle("off", !(x >= left - 0.5 && x <= right + 0.5));
  if (!Number.isNaN(x)) {
    panel.cursor.setAttribute("x1", x);
    panel.cursor.setAttribute("x2", x);
  }
  for (const layer of recorded(panel)) {
    const rows = layer.lines.map((line) => line.nearest(step));
    if (layer.value) layer.value.textContent = valuesAt(layer, rows, step);
    if (layer.kind !== "bundle") showDots(figure, layer, rows);
  }
}

function showDots(figure, layer, rows) {
  const dot = () => svgElement("circle", { class: "dot", r: 3, fill: layer.colour });
  layer.dots ??= layer.lines.map(() => figure.overlay.appendChild(dot()));
  layer.dots.forEach((dot, index) => {
    const [line, row] = [layer.lines[index], rows[index]];
    const isSeen = row >= 0 && line.shows(row);
    dot.classList.toggle("off", !isSeen || !layer.isShown);
    if (!isSeen) return;
    dot.setAttribute("cx", line.places[row][0]);
    dot.setAttribute("cy", line.places[row][1]);
  });
}

// The value of a layer at its rows, of several lines the least and the largest, and the step of the
// row where that is another than the chosen one.
function valuesAt(layer, rows, step) {
  const values = layer.lines.map((line, index) => line.y[rows[index]] ?? NaN);
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const text = values.length > 1 && finite.length ? `${brief(low)} to ${brief(high)}` : brief(values[0] ?? NaN);
  const own = layer.lines[0]?.x[rows[0]];
  return own === undefined || own === step ? text : `${text} at step ${brief(own)}`;
}

// The bar at the top; null where no figure has steps on its axis.
function scrubber(figures) {
  const shown = figures.flatMap((figure) =>
    figure.panels
      .filter((panel) => panel.isTime && recorded(panel).length > 0)
      .map((panel) => [figure, panel]),
  );
  const steps = stepsOf(shown.map(([, panel]) => panel));
  if (steps.length < 2) return null;
  const last = steps.length - 1;
  const range = { type: "range", id: "scrub", min: 0, max: last, step: 1, value: last };
  const slider = element("input", range);
  const said = element("output", { for: "scrub" });
  const choose = () => {
    const step = steps[slider.value];
    said.textContent = brief(step);
    said.title = exact(step);
    slider.setAttribute("aria-valuetext", `step ${exact(step)}`);
    for (const [figure, panel] of shown) showStep(figure, panel, step);
  };
  slider.addEventListener("input", choose);
  choose();
  return element("div", { class: "scrub" }, element("label", { for: "scrub" }, "step"), slider, said);
}

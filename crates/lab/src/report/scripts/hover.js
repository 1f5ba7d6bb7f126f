// The numbers of the row under the pointer, or of the row that the arrow keys have gone to.

// How far from a curve the pointer may be, in units of the figure.
const REACH = 14;

// The nearest row of the lines that are shown: `{ line, row }`, or null.
function rowAt(figure, [x, y]) {
  let [best, least] = [null, REACH];
  for (const line of seenLines(figure)) {
    const [left, right, top, bottom] = line.panel.frame;
    if (x < left - 6 || x > right + 6 || y < top - 6 || y > bottom + 6) continue;
    const [distance, row] = distanceTo(line, x, y);
    if (distance < least) [best, least] = [{ line, row }, distance];
  }
  return best;
}

function seenLines(figure) {
  return figure.lines.filter(({ layer }) => layer.isShown && DRAWN.includes(layer.kind));
}

// The distance to a line, and the row of it at the nearer end of the nearest piece.
function distanceTo(line, x, y) {
  const { places } = line;
  const isJoined = line.layer.kind !== "points";
  let [least, nearest] = [Infinity, 0];
  for (let row = 0; row < places.length; row += 1) {
    const [ax, ay] = places[row];
    const own = Math.hypot(ax - x, ay - y);
    if (own < least && row < line.x.length) [least, nearest] = [own, row];
    if (!isJoined || row + 1 === places.length) continue;
    const [dx, dy] = [places[row + 1][0] - ax, places[row + 1][1] - ay];
    const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy);
    if (!(along > 0 && along < 1)) continue;
    const distance = Math.hypot(ax + along * dx - x, ay + along * dy - y);
    const end = Math.min(along < 0.5 ? row : row + 1, line.x.length - 1);
    if (distance < least) [least, nearest] = [distance, end];
  }
  return [least, nearest];
}

// The cell of a matrix or a heat map under a point: its name and its value, or null.
function cellAt(figure, [px, py]) {
  for (const panel of figure.panels) {
    const [left, right, top, bottom] = panel.frame;
    if (px < left || px > right || py < top || py > bottom) continue;
    for (const layer of panel.layers) {
      if (layer.kind === "matrix") {
        const [row, column] = [cellIn(panel.y, py, bottom, top), cellIn(panel.x, px, left, right)];
        const value = layer.lines[row]?.y[column];
        if (value !== undefined) return { layer, where: `row ${row}, column ${column}`, value };
      }
      if (layer.kind === "cells") {
        const [xs, ys] = [layer.lines[0].x, layer.lines[1].x];
        const column = between(xs, (edge) => place(panel.x, edge, left, right), px);
        const row = between(ys, (edge) => -place(panel.y, edge, bottom, top), -py);
        const value = layer.lines[row + 2]?.y[column];
        if (value === undefined || row < 0) continue;
        const ends = (axis, edges, at) => `${axis.label} ${brief(edges[at])} to ${brief(edges[at + 1])}`;
        const where = `${ends(panel.x, xs, column)}; ${ends(panel.y, ys, row)}`;
        return { layer, where, value };
      }
    }
  }
  return null;
}

function cellIn({ range: [low, high] }, at, start, end) {
  return Math.round(low + ((at - start) / (end - start)) * (high - low));
}

// The index of the first of two neighbouring edges around a place.
function between(edges, placeOf, at) {
  return Array.from(edges, placeOf).findIndex((edge, index, all) => edge <= at && at < all[index + 1]);
}

function rowText({ line, row }) {
  const { panel, layer } = line;
  const said = layer.kind === "level" ? [] : [[panel.x.label || "x", line.x[row]]];
  said.push([panel.y.label || "y", line.y[row]]);
  if (line.low) said.push(["from", line.low[row]], ["to", line.high[row]]);
  return [line.name, ...said.map(([label, value]) => `${label}: ${exact(value)}`)];
}

// Lets a figure show the numbers under the pointer and under the arrow keys.
function listen(figure) {
  const { drawing, svg } = figure;
  const tip = element("div", { class: "tip", role: "status" });
  const mark = figure.overlay.appendChild(svgElement("circle", { class: "mark off", r: 4.5 }));
  figure.element.append(tip);
  let current = null;
  const hide = () => {
    tip.replaceChildren();
    mark.classList.add("off");
  };
  const show = (texts, [x, y], marked) => {
    tip.replaceChildren(...texts.map((text, at) => element(at ? "span" : "b", {}, text)));
    mark.classList.toggle("off", !marked);
    mark.setAttribute("cx", x);
    mark.setAttribute("cy", y);
    const [box, own] = [svg.getBoundingClientRect(), figure.element.getBoundingClientRect()];
    const unit = box.width / svg.viewBox.baseVal.width;
    const at = [box.left - own.left + x * unit, box.top - own.top + y * unit];
    const rightmost = own.width - tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(at[0] + 12, rightmost))}px`;
    const above = at[1] - tip.offsetHeight - 12;
    tip.style.top = `${above < 0 ? at[1] + 16 : above}px`;
  };
  const showRow = (found, point) => {
    current = found;
    show(rowText(found), found.line.layer.kind === "level" ? point : found.line.places[found.row], true);
  };
  const point = (event) => {
    const box = svg.getBoundingClientRect();
    const unit = svg.viewBox.baseVal.width / box.width;
    const at = [(event.clientX - box.left) * unit, (event.clientY - box.top) * unit];
    const found = rowAt(figure, at);
    if (found) return showRow(found, at);
    const cell = cellAt(figure, at);
    if (cell) return show([cell.layer.name || "value", cell.where, exact(cell.value)], at, false);
    return hide();
  };
  drawing.addEventListener("pointermove", point);
  drawing.addEventListener("pointerdown", point);
  drawing.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
  drawing.addEventListener("blur", hide);
  drawing.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const next = nextRow(figure, current, event.key);
    if (!next) return undefined;
    event.preventDefault();
    const [left, right] = next.line.panel.frame;
    return showRow(next, [(left + right) / 2, next.line.places[next.row][1]]);
  });
}

// The row that a key leads to: the next one seen to the left or to the right, or that of the next
// line at the same place; null for other keys and where there is none.
function nextRow(figure, current, key) {
  const lines = seenLines(figure).filter((line) => line.places.some((_, row) => row < line.x.length && line.shows(row)));
  if (!/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key) || lines.length === 0) return null;
  const rows = (line) => [...line.x.keys()].filter((row) => line.shows(row));
  const index = lines.indexOf(current?.line);
  if (index < 0) {
    const line = lines.find(({ layer }) => RECORDED.includes(layer.kind)) ?? lines[0];
    return { line, row: rows(line).at(-1) };
  }
  if (key === "ArrowUp" || key === "ArrowDown") {
    const line = lines[(index + (key === "ArrowUp" ? lines.length - 1 : 1)) % lines.length];
    const at = current.line.places[current.row][0];
    const far = (row) => Math.abs(line.places[row][0] - at);
    return { line, row: rows(line).reduce((best, row) => (far(row) < far(best) ? row : best)) };
  }
  const own = rows(current.line);
  const at = own.indexOf(current.row);
  const wanted = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: own.length - 1 }[key];
  return { line: current.line, row: own[Math.max(0, Math.min(wanted, own.length - 1))] };
}

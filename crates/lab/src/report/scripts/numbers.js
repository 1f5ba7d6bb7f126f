// The numbers of the figures, how they are written, and where they are drawn.

// A list of 64-bit floats, little end first, from base64: every bit as it was recorded.
function decode(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Float64Array.from({ length: bytes.length / 8 }, (_, at) => view.getFloat64(8 * at, true));
}

// The shortest text that reads back to a number, written as series.csv has it.
function exact(value) {
  if (Number.isNaN(value)) return "";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e16)) return value.toExponential().replace("e+", "e");
  return String(value);
}

// A number with four significant digits, written as the tables of the page have it.
function brief(value) {
  if (Number.isNaN(value)) return "—";
  const sign = value < 0 ? "−" : "";
  const size = Math.abs(value);
  if (size === Infinity) return `${sign}∞`;
  if (size === 0) return "0";
  const [mantissa, power] = size.toExponential(3).split("e");
  const exponent = Number(power);
  if (exponent >= -3 && exponent < 5) {
    return sign + (Number.isInteger(size) ? size : size.toFixed(Math.max(3 - exponent, 0)));
  }
  const isExact = Number(`${mantissa}e${power}`) === size;
  const digits = isExact ? String(Number(mantissa)) : mantissa;
  const raised = [...String(exponent)].map((digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]);
  return sign + (digits === "1" ? "" : `${digits}×`) + `10${raised.join("")}`;
}

// Where a value is between two ends of an axis; NaN where it has no place.
function place(axis, value, start, end) {
  const [at, low, high] = [value, ...axis.range].map((it) => (axis.log ? Math.log10(it) : it));
  const where = start + ((at - low) / (high - low)) * (end - start);
  return Number.isFinite(where) ? where : NaN;
}

// Layers that have rows of numbers, and of these the ones recorded during a run.
const RECORDED = ["curve", "joined", "points", "bundle"];
const DRAWN = [...RECORDED, "guide", "level"];

// A line of a layer with its numbers and, from when they are first asked for, its places.
class Line {
  constructor(line, index, layer, panel, column) {
    Object.assign(this, { layer, panel, of: line.of, x: column(line.x), y: column(line.y) });
    const hasEnds = line.low !== undefined;
    this.low = hasEnds ? column(line.low) : null;
    this.high = hasEnds ? column(line.high) : null;
    const own = line.name || (layer.lines.length > 1 ? `line ${index + 1}` : "");
    this.name = [layer.name, own].filter(Boolean).join(", ");
  }

  get places() {
    const { frame, x, y } = this.panel;
    const [left, right, top, bottom] = frame;
    const isLevel = this.layer.kind === "level";
    const across = (value) => (isLevel ? left : place(x, value, left, right));
    const up = (value) => place(y, value, bottom, top);
    const places = Array.from(this.x, (value, row) => [across(value), up(this.y[row])]);
    if (isLevel && places.length) places.push([right, places[0][1]]);
    Object.defineProperty(this, "places", { value: places });
    return places;
  }

  // Whether a row is seen: in the frame of its panel.
  shows(row) {
    const [left, right, top, bottom] = this.panel.frame;
    const [x, y] = this.places[row];
    return x >= left - 0.5 && x <= right + 0.5 && y >= top - 0.5 && y <= bottom + 0.5;
  }

  // The row whose step is the nearest on the axis.
  nearest(step) {
    const scale = this.panel.x.log ? Math.log : (value) => value;
    let [best, least] = [-1, Infinity];
    this.x.forEach((value, row) => {
      // A step 0 is infinitely far away on a logarithmic axis, but from itself.
      const distance = value === step ? 0 : Math.abs(scale(value) - scale(step));
      if (distance < least) [best, least] = [row, distance];
    });
    return best;
  }
}

// A figure of the page with its numbers.
class Figure {
  constructor(element) {
    const source = JSON.parse(element.querySelector("script.numbers").textContent);
    this.element = element;
    this.drawing = element.querySelector(".drawing");
    this.svg = this.drawing.querySelector("svg");
    this.number = element.id.replace("figure-", "");
    this.name = source.name;
    const decoded = source.columns.map(() => null);
    const column = (index) => (decoded[index] ??= decode(source.columns[index]));
    this.panels = source.panels;
    this.panels.forEach((panel, panelIndex) => {
      panel.isTime = /^step( t)?$/.test(panel.x.label);
      panel.layers.forEach((layer, index) => {
        layer.groups = this.svg.querySelectorAll(`g[data-layer="${panelIndex}.${index}"]`);
        layer.isShown = true;
        layer.lines = layer.lines.map((line, at) => new Line(line, at, layer, panel, column));
      });
    });
    // What scripts draw is in one group, which downloads and prints leave out.
    this.overlay = this.svg.appendChild(svgElement("g", { class: "overlay" }));
  }

  get lines() {
    return this.panels.flatMap((panel) => panel.layers.flatMap((layer) => layer.lines));
  }
}

function svgElement(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// An element of HTML; texts become text, never markup.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

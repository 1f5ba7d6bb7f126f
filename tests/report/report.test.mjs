// The pages of REPORTS (made by `run`) in the browser CHROMIUM.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const reports = process.env.REPORTS;
const address = (name) => pathToFileURL(join(reports, name, "report.html")).href;
const PAGES = ["run", "sweep", "reproduction"];

let browser;
before(async () => {
  const args = [
    ..."--no-sandbox --disable-gpu --disable-quic --no-first-run".split(" "),
    ..."--disable-background-networking --disable-component-update --disable-sync".split(" "),
  ];
  // Playwright itself adds --headless and a new user-data-dir.
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args });
});
after(() => browser.close());

// A page with what goes wrong in it; `check` fails on errors and on requests to anywhere else.
async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("dialog", (dialog) => wrong.push(`a dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && url !== address(name)) wrong.push(`a request: ${url}`);
  });
  await page.goto(address(name));
  const check = async () => {
    await context.close();
    assert.deepEqual(wrong, []);
  };
  return { page, check };
}

// A CSV file as rows of texts; names of columns are in the first row. No field holds a quote here.
const table = (text) => text.trimEnd().split("\n").map((line) => line.split(","));
const read = (...path) => readFileSync(join(reports, ...path), "utf8");

// The texts of two columns, the second by the first.
function column(name, file, of) {
  const [head, ...rows] = table(read(name, file));
  return new Map(rows.map((row) => [row[0], row[head.indexOf(of)]]));
}

const figureOf = (page, words) => page.locator("figure").filter({ hasText: words }).first();

// The number that four digits and a power of ten stand for.
function number(text) {
  const raised = { "⁻": "-", "⁰": 0, "¹": 1, "²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6, "⁷": 7, "⁸": 8, "⁹": 9 };
  const plain = text.replace("−", "-").replace(/(×?)10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (_, times, power) => {
    return `${times ? "" : 1}e${[...power].map((digit) => raised[digit]).join("")}`;
  });
  return Number(plain);
}

async function download(page, button) {
  const [saved] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: saved.suggestedFilename(), bytes: readFileSync(await saved.path()) };
}

// The lines of the box with numbers, once it says something.
async function tipOf(figure) {
  const tip = figure.locator(".tip");
  await tip.locator("b").waitFor();
  return tip.locator("b, span").allTextContents();
}

// Points at a place in units of the figure.
async function point(page, figure, [x, y]) {
  const svg = figure.locator(".drawing svg");
  await svg.scrollIntoViewIfNeeded();
  const box = await svg.boundingBox();
  const width = await svg.evaluate((element) => element.viewBox.baseVal.width);
  await page.mouse.move(box.x + (x * box.width) / width, box.y + (y * box.width) / width);
}

const centre = (dot) => dot.evaluate((it) => ["cx", "cy"].map((name) => Number(it.getAttribute(name))));

test("hostile names are text", async () => {
  const { page, check } = await open("run");
  assert.match(await page.locator("body").innerText(), /<\/script><img src=x onerror=evil\(\)>'&\.csv/);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await page.locator("script").count(), (await page.locator("script.numbers").count()) + 1);
  const policy = await page.locator("meta[http-equiv]").getAttribute("content");
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'unsafe-inline'; img-src data:$/);
  await check();
});

test("the bar at the top sets one step in all figures", async () => {
  const { page, check } = await open("run");
  const slider = page.getByRole("slider", { name: "step" });
  const stepOf = async () => (await slider.getAttribute("aria-valuetext")).replace("step ", "");
  assert.equal(await stepOf(), "1e300");
  await slider.focus();
  await page.keyboard.press("Home");
  assert.equal(await stepOf(), "1");
  await page.keyboard.press("ArrowRight");
  assert.ok(Number(await stepOf()) > 1);
  const places = () => page.locator(".cursor:not(.off)").evaluateAll((all) => all.map((it) => it.getAttribute("x1")));
  const early = await places();
  await slider.evaluate((it) => {
    it.value = Math.floor(it.max / 2);
    it.dispatchEvent(new Event("input"));
  });
  const late = await places();
  // Of the figures of a run all have steps on their axis, but that of the residual.
  assert.ok(early.length >= (await page.locator("figure").count()) - 1);
  assert.deepEqual(late.map((x, at) => Number(x) > Number(early[at]) + 50), late.map(() => true));
  const step = await stepOf();
  const loss = await figureOf(page, "Training loss").locator("button", { hasText: /^loss/ }).innerText();
  const [, value, own] = loss.match(/^loss\s*(\S+)(?: at step (\S+))?$/);
  // The loss stands for the chosen row, or says for which other.
  const series = column("run", "series.csv", "loss");
  const expected = own
    ? [...series].find(([at]) => Math.abs(Number(at) / number(own) - 1) < 1e-3)[1]
    : series.get(step);
  assert.ok(Math.abs(number(value) / expected - 1) < 1e-3, `${loss} at ${step}: ${expected}`);
  // The bar stays in sight.
  await page.locator("#again").scrollIntoViewIfNeeded();
  assert.equal(Math.round((await page.locator(".scrub").boundingBox()).y), 0);
  await check();
});

test("a curve shows its numbers to the last digit", async () => {
  const { page, check } = await open("run");
  const figure = figureOf(page, "Training loss");
  const series = column("run", "series.csv", "loss");
  const slider = page.getByRole("slider");
  const last = Number(await slider.getAttribute("max"));
  for (const at of [0, 40, Math.floor(last / 2), last]) {
    await slider.fill(String(at));
    await point(page, figure, await centre(figure.locator(".dot").first()));
    const [name, x, y] = await tipOf(figure);
    const step = x.replace("step t: ", "");
    assert.equal(name, "loss");
    assert.equal(y, `loss L(t): ${series.get(step)}`);
    await page.mouse.move(0, 0);
    assert.equal(await figure.locator(".tip").innerText(), "");
  }
  // One of the samples, by its name; of touching lines whichever is the nearest.
  const margins = figureOf(page, "ormalized margins y f");
  await margins.locator(".drawing").focus();
  await page.keyboard.press("ArrowDown");
  while (!/sample/.test((await tipOf(margins))[0])) await page.keyboard.press("ArrowDown");
  const [name, x, y] = await tipOf(margins);
  const sample = name.match(/^y = [+−]1, sample (\d+)$/)[1];
  const own = column("run", "margins.csv", `sample_${sample}`);
  assert.equal(y, `normalized margin: ${own.get(x.replace("step t: ", ""))}`);
  await check();
});

test("arrow keys go along a curve and from one to the next", async () => {
  const { page, check } = await open("run");
  const figure = figureOf(page, "Stable rank ‖W‖");
  await figure.locator(".drawing").focus();
  await page.keyboard.press("ArrowLeft");
  const [first, end] = await tipOf(figure);
  assert.equal(end, "step t: 1e300");
  await page.keyboard.press("ArrowLeft");
  assert.notEqual((await tipOf(figure))[1], end);
  await page.keyboard.press("Home");
  assert.equal((await tipOf(figure))[1], "step t: 1");
  await page.keyboard.press("ArrowDown");
  assert.notEqual((await tipOf(figure))[0], first);
  await page.keyboard.press("Escape");
  assert.equal(await figure.locator(".tip").innerText(), "");
  await check();
});

test("a button hides its curve and shows it again", async () => {
  const { page, check } = await open("run");
  const figure = figureOf(page, "Training loss");
  const button = figure.locator(".curves button", { hasText: /^loss/ });
  const group = figure.locator("g[data-layer] path").filter({ visible: true });
  const dot = await centre(figure.locator(".dot"));
  const shown = await group.count();
  assert.equal(await button.getAttribute("aria-pressed"), "true");
  await button.click();
  assert.equal(await button.getAttribute("aria-pressed"), "false");
  assert.ok((await group.count()) < shown);
  assert.equal(await figure.locator(".dot").isVisible(), false);
  await point(page, figure, dot);
  assert.doesNotMatch(await figure.locator(".tip").innerText(), /^loss/);
  const { bytes } = await download(page, figure.getByRole("button", { name: /as SVG$/ }));
  assert.doesNotMatch(String(bytes), />loss<|overlay|data-layer/);
  await button.focus();
  await page.keyboard.press("Space");
  assert.equal(await button.getAttribute("aria-pressed"), "true");
  assert.equal(await group.count(), shown);
  await check();
});

test("downloads are the drawing of the file and the numbers of the table", async () => {
  const { page, check } = await open("run");
  const figure = figureOf(page, "Training loss");
  const as = (format) => figure.getByRole("button", { name: new RegExp(`as ${format}$`) });
  const svg = await download(page, as("SVG"));
  assert.equal(svg.name, "loss.svg");
  const isEqual = await page.evaluate((texts) => {
    const [a, b] = texts.map((text) => {
      const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
      const clean = (node) => [...node.childNodes].forEach((child) => {
        if (child.nodeType === 3 && !child.data.trim()) child.remove();
        else clean(child);
      });
      clean(root);
      return root;
    });
    return a.isEqualNode(b);
  }, [String(svg.bytes), read("run", "figures", "loss.svg")]);
  assert.ok(isEqual, "the drawing is that of figures/loss.svg");

  const png = await download(page, as("PNG"));
  assert.equal(png.name, "loss.png");
  assert.equal(png.bytes.subarray(1, 4).toString(), "PNG");
  const width = await figure.locator(".drawing svg").evaluate((it) => it.viewBox.baseVal.width);
  assert.equal(png.bytes.readUInt32BE(16), 3 * width);
  const hasCurve = await page.evaluate(async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let blue = 0;
    for (let at = 0; at < data.length; at += 4) blue += data[at] < 60 && data[at + 2] > 140;
    return blue > 500;
  }, `data:image/png;base64,${png.bytes.toString("base64")}`);
  assert.ok(hasCurve, "the curve is blue");

  const csv = await download(page, as("CSV"));
  assert.equal(csv.name, "loss.csv");
  const [head, ...rows] = table(String(csv.bytes));
  assert.deepEqual(head, ["curve", "step t", "loss L(t)"]);
  const series = column("run", "series.csv", "loss");
  const own = rows.filter(([curve]) => curve === "loss");
  assert.ok(own.length > 100);
  for (const [, step, loss] of own) assert.equal(loss, series.get(step), step);
  assert.equal(own.at(-1)[1], "1e300");
  await check();
});

test("a sweep's points and a reproduction's curves answer too", async () => {
  const sweep = await open("sweep");
  const drawn = sweep.page.locator("figure").first();
  await drawn.locator(".drawing").focus();
  await sweep.page.keyboard.press("ArrowRight");
  assert.match((await tipOf(drawn)).join("; "), /: -?[\d.e-]+/);
  const { bytes } = await download(sweep.page, drawn.getByRole("button", { name: /as CSV$/ }));
  assert.ok(table(String(bytes)).length > 2);
  await sweep.check();
  const { page, check } = await open("reproduction");
  const figures = await page.locator("figure").count();
  assert.ok(figures > 0);
  assert.equal(await page.locator("figure .tools").count(), figures);
  const slider = page.getByRole("slider");
  await slider.focus();
  await page.keyboard.press("Home");
  assert.ok((await page.locator(".dot:not(.off)").count()) > 0);
  await check();
});

for (const name of PAGES) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${name} on a phone, ${colorScheme}: nothing is off the screen`, async () => {
      const { page, check } = await open(name, {
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        isMobile: true,
        colorScheme,
        reducedMotion: "reduce",
      });
      const [wide, off] = await page.evaluate(() => {
        const parts = document.querySelectorAll("td, th, p, li, h1, h2, button, .scrub, .scrub *, figcaption, .drawing");
        const out = [...parts].filter((it) => {
          const box = it.getBoundingClientRect();
          return box.width > 0 && (box.left < -0.5 || box.right > innerWidth + 0.5);
        });
        return [document.documentElement.scrollWidth, out.map((it) => it.outerHTML.slice(0, 120))];
      });
      assert.deepEqual(off, []);
      assert.equal(wide, 360);
      const [paper, ink, motion] = await page.evaluate(() => {
        const { backgroundColor, color } = getComputedStyle(document.body);
        const light = (text) => text.match(/\d+/g).slice(0, 3).reduce((sum, it) => sum + Number(it) / 765, 0);
        return [light(backgroundColor), light(color), getComputedStyle(document.documentElement).scrollBehavior];
      });
      assert.ok(colorScheme === "dark" ? paper < 0.2 && ink > 0.8 : paper > 0.9 && ink < 0.2);
      assert.equal(motion, "auto");
      // A finger on a figure shows numbers, inside the screen.
      const drawing = page.locator("figure .drawing").first();
      const svg = drawing.locator("svg");
      await svg.scrollIntoViewIfNeeded();
      const box = await svg.boundingBox();
      for (let y = 10; y < box.height && !(await page.locator(".tip b").count()); y += 12) {
        await svg.tap({ position: { x: Math.min(150, box.width / 2), y }, force: true });
      }
      const tip = await page.locator(".tip", { has: page.locator("b") }).boundingBox();
      assert.ok(tip.x >= 0 && tip.x + tip.width <= 360.5, JSON.stringify(tip));
      await check();
    });
  }

  test(`${name} without scripts is whole`, async () => {
    const { page, check } = await open(name, { javaScriptEnabled: false });
    assert.equal(await page.locator("button, input, .controls, .tip").count(), 0);
    for (const figure of await page.locator("figure").all()) {
      assert.ok(await figure.locator(".drawing svg").isVisible());
      assert.equal(await figure.locator("script").isVisible(), false);
    }
    await check();
  });

  test(`${name} in print has no controls and no page of one line`, async () => {
    const { page, check } = await open(name);
    await page.emulateMedia({ media: "print" });
    for (const part of await page.locator(".scrub, .controls, .tip, .overlay").all()) {
      assert.equal(await part.isVisible(), false);
    }
    // 174 mm are left between the margins of A4.
    await page.setViewportSize({ width: 658, height: 1000 });
    const cut = await page.evaluate(() => {
      const parts = [...document.querySelectorAll("td, th, p, svg, figcaption, pre")];
      return parts.filter((it) => it.getBoundingClientRect().right > 658.5).map((it) => it.outerHTML.slice(0, 99));
    });
    assert.deepEqual(cut, []);
    const path = join(mkdtempSync(join(tmpdir(), "print-")), `${name}.pdf`);
    await page.pdf({ path, format: "A4", preferCSSPageSize: true });
    await check();
    let text;
    try {
      text = execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8" });
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
      console.log("skipped: no pdftotext, so that the pages of the print are not read");
      return;
    }
    const pages = text.split("\f").slice(0, -1);
    const lines = pages.map((own) => own.split("\n").filter((line) => line.trim()).length);
    assert.ok(lines.every((count) => count > 3), `lines of the pages: ${lines}`);
  });
}

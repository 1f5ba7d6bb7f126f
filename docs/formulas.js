// Draws the book's formulas, $`x`$ and ```math, by KaTeX.
//
// A copy of KaTeX in the folder `katex` of the book is used where there is one, so that the book needs no
// network; else KaTeX is loaded from the net. Without either the formulas stay readable as TeX.
"use strict";
(() => {
  const version = "0.16.47";
  const places = [
    new URL("katex/", document.currentScript.src).href,
    `https://cdn.jsdelivr.net/npm/katex@${version}/dist/`,
  ];

  function draw() {
    const render = (source, element, displayMode) =>
      katex.render(source, element, { displayMode, throwOnError: false });
    for (const code of document.querySelectorAll("pre > code.language-math")) {
      const formula = document.createElement("div");
      render(code.textContent, formula, true);
      code.parentElement.replaceWith(formula);
    }
    for (const code of document.querySelectorAll("code")) {
      const [before, after] = [code.previousSibling, code.nextSibling];
      const isText = (node) => node && node.nodeType === Node.TEXT_NODE;
      if (!isText(before) || !isText(after)) continue;
      if (!before.data.endsWith("$") || !after.data.startsWith("$")) continue;
      const formula = document.createElement("span");
      render(code.textContent, formula, false);
      before.data = before.data.slice(0, -1);
      after.data = after.data.slice(1);
      code.replaceWith(formula);
    }
  }

  function load([place, ...others]) {
    if (place === undefined) return;
    const script = document.createElement("script");
    script.src = place + "katex.min.js";
    script.onerror = () => load(others);
    script.onload = () => {
      const style = document.createElement("link");
      style.rel = "stylesheet";
      style.href = place + "katex.min.css";
      document.head.append(style);
      draw();
    };
    document.head.append(script);
  }

  load(places);
})();

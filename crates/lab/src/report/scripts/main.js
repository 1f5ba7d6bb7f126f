// Puts the controls into the page.

const figures = [...document.querySelectorAll("figure")]
  .filter((figure) => figure.querySelector("script.numbers"))
  .map((figure) => new Figure(figure));
for (const figure of figures) {
  const controls = [legendOf(figure), toolsOf(figure)].filter(Boolean);
  figure.drawing.after(element("div", { class: "controls" }, ...controls));
  figure.drawing.tabIndex = 0;
  figure.drawing.setAttribute("role", "group");
  figure.drawing.setAttribute(
    "aria-label",
    `Figure ${figure.number}: arrow keys go along the curves and from one to the next`,
  );
  listen(figure);
}
const bar = scrubber(figures);
if (bar) {
  document.querySelector("main").prepend(bar);
  document.documentElement.classList.add("scrubbed");
}

// One cursor through all charts: the second under the pointer, or chosen with the arrow keys.
//
// The legends read that second; without a cursor the last full one.

import { BUCKETS } from "./buckets.js";
import { writeClock, writeWhole } from "./numerals.js";

const LAST_FULL = BUCKETS - 2;
const STEPS = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageUp: 10,
  PageDown: -10,
};

const describe = (figure, row) => {
  const parts = [...figure.querySelectorAll("[data-series]")].map((button) => {
    const name = button.firstElementChild.nextSibling.textContent.trim();
    return `${name} ${writeWhole(row[button.dataset.series])}`;
  });
  return `${writeClock(row.time)}: ${parts.join(", ")}`;
};

const secondAt = (plot, clientX) => {
  const style = getComputedStyle(plot);
  const left =
    plot.getBoundingClientRect().left + Number.parseFloat(style.getPropertyValue("--left"));
  const at = ((clientX - left) / Number.parseFloat(style.getPropertyValue("--width"))) * BUCKETS;
  return at >= 0 && at < BUCKETS ? Math.floor(at) : null;
};

const showReadings = (figure, row) => {
  for (const button of figure.querySelectorAll("[data-series]")) {
    button.querySelector("[data-reading]").value = writeWhole(row[button.dataset.series]);
  }
};

const showPlot = (figure, row, at) => {
  const plot = figure.querySelector("[data-plot]");
  // On the cursor alone: on the plot it would restyle all that the chart has drawn.
  plot.querySelector("[data-cursor-line]").style.setProperty("--at", at);
  plot.querySelector("[data-cursor-time]").textContent = writeClock(row.time);
  plot.setAttribute("aria-valuenow", at - BUCKETS + 1);
  plot.setAttribute("aria-valuetext", describe(figure, row));
};

export const createReading = (figures, board) => {
  let rows = [];
  let cursor = null;

  const show = () => {
    if (!rows.length) return;
    const at = cursor ?? LAST_FULL;
    board.toggleAttribute("data-cursor", cursor !== null);
    for (const figure of figures) {
      showReadings(figure, rows[at]);
      showPlot(figure, rows[at], at);
    }
  };

  const moveTo = (at) => {
    if (at === cursor) return;
    cursor = at;
    show();
  };

  const onKey = (event) => {
    if (event.key === "Escape") return moveTo(null);
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    moveTo(Math.min(BUCKETS - 1, Math.max(0, (cursor ?? LAST_FULL) + step)));
  };

  for (const plot of figures.map((figure) => figure.querySelector("[data-plot]"))) {
    plot.addEventListener("pointermove", ({ clientX }) => moveTo(secondAt(plot, clientX)));
    plot.addEventListener("pointerleave", () => moveTo(null));
    plot.addEventListener("blur", () => moveTo(null));
    plot.addEventListener("keydown", onKey);
  }

  return (latest) => {
    rows = latest;
    show();
  };
};

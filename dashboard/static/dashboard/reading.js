// One cursor through all charts: the bucket under the pointer, or chosen with the arrow keys.
//
// The legends read that bucket; without a cursor the last full one.

import { writeClock, writeWhole } from "./numerals.js";

const STEPS = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageUp: 10,
  PageDown: -10,
};

const describe = (figure, row, writeTime) => {
  const parts = [...figure.querySelectorAll("[data-series]")].map((button) => {
    const name = button.firstElementChild.nextSibling.textContent.trim();
    return `${name} ${writeWhole(row[button.dataset.series])}`;
  });
  return `${writeTime(row.time)}: ${parts.join(", ")}`;
};

export const bucketAt = (plot, clientX, count) => {
  const style = getComputedStyle(plot);
  const left =
    plot.getBoundingClientRect().left + Number.parseFloat(style.getPropertyValue("--left"));
  const at = ((clientX - left) / Number.parseFloat(style.getPropertyValue("--width"))) * count;
  return at >= 0 && at < count ? Math.floor(at) : null;
};

const showReadings = (figure, row) => {
  for (const button of figure.querySelectorAll("[data-series]")) {
    button.querySelector("[data-reading]").textContent = writeWhole(row[button.dataset.series]);
  }
};

const showPlot = (figure, rows, at, writeTime) => {
  const row = rows[at];
  const plot = figure.querySelector("[data-plot]");
  // On the cursor alone: on the plot it would restyle all that the chart has drawn.
  plot.querySelector("[data-cursor-line]").style.setProperty("--at", at);
  plot.querySelector("[data-cursor-time]").textContent = writeTime(row.time);
};

// A screen reader speaks each change of the value that it stands on: only where it was asked for.
const tell = (figure, rows, at, writeTime) => {
  const plot = figure.querySelector("[data-plot]");
  plot.setAttribute("aria-valuemin", 1 - rows.length);
  plot.setAttribute("aria-valuenow", at - rows.length + 1);
  plot.setAttribute("aria-valuetext", describe(figure, rows[at], writeTime));
};

export const createReading = (figures, board, writeTime = writeClock) => {
  let rows = [];
  let cursor = null;
  const lastFull = () => Math.max(0, rows.length - 2);

  const show = (isAsked) => {
    if (!rows.length) return;
    const at = cursor ?? lastFull();
    board.toggleAttribute("data-cursor", cursor !== null);
    for (const figure of figures) {
      showReadings(figure, rows[at]);
      showPlot(figure, rows, at, writeTime);
      if (isAsked || !figure.contains(document.activeElement)) tell(figure, rows, at, writeTime);
    }
  };

  const moveTo = (at) => {
    if (at === cursor) return;
    cursor = at;
    show(true);
  };

  const onKey = (event) => {
    if (event.key === "Escape") return moveTo(null);
    const step = STEPS[event.key];
    if (!step || !rows.length) return;
    event.preventDefault();
    moveTo(Math.min(rows.length - 1, Math.max(0, (cursor ?? lastFull()) + step)));
  };

  for (const plot of figures.map((figure) => figure.querySelector("[data-plot]"))) {
    plot.addEventListener("pointermove", ({ clientX }) =>
      moveTo(bucketAt(plot, clientX, rows.length)),
    );
    plot.addEventListener("pointerleave", () => moveTo(null));
    plot.addEventListener("blur", () => moveTo(null));
    plot.addEventListener("keydown", onKey);
  }

  return (latest) => {
    rows = latest;
    show(false);
  };
};

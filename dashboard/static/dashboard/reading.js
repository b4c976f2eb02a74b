// One cursor through all charts: the bucket under the pointer, tapped, or chosen by arrow keys. Its
// time and its values are shown beside it.
//
// The legends show the last full bucket in a live window, and the cursor's bucket otherwise. Other
// parts of the page add notes to a bucket and move the cursor by events: `cursor` and `seek`.

import { writeClock, writeWhole } from "./numerals.js";

const STEPS = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageUp: 10,
  PageDown: -10,
};

const seriesOf = (figure) =>
  [...figure.querySelectorAll("[data-series]")].map((button) => ({
    button,
    name: button.firstElementChild.nextSibling.textContent.trim(),
    series: button.dataset.series,
    isShown: button.getAttribute("aria-pressed") === "true",
  }));

const describe = (figure, row, { writeTime, notes }) => {
  const parts = seriesOf(figure).map(({ name, series }) => `${name} ${writeWhole(row[series])}`);
  return [`${writeTime(row.time)}: ${parts.join(", ")}`, ...notes].join(". ");
};

// One line: "Average 512 · Peak 1,024 px/s".
const writeValues = (figure, row) => {
  const shown = seriesOf(figure).filter(({ isShown }) => isShown);
  if (!shown.length || shown.every(({ series }) => row[series] === null)) return "nothing known";
  const parts = shown.map(({ name, series }) => `${name} ${writeWhole(row[series])}`);
  return `${parts.join(" · ")} ${figure.dataset.unit}`;
};

export const bucketAt = (plot, clientX, count) => {
  const style = getComputedStyle(plot);
  const left =
    plot.getBoundingClientRect().left + Number.parseFloat(style.getPropertyValue("--left"));
  const at = ((clientX - left) / Number.parseFloat(style.getPropertyValue("--width"))) * count;
  return at >= 0 && at < count ? Math.floor(at) : null;
};

const showReadings = (figure, row) => {
  for (const { button, series } of seriesOf(figure)) {
    const text = row ? writeWhole(row[series]) : "";
    const place = button.querySelector("[data-reading]");
    if (place.textContent !== text) place.textContent = text;
  }
};

const showCursor = (figure, rows, at, { writeTime, notes }) => {
  // Set on the cursor alone; on the plot it would restyle the whole chart.
  const line = figure.querySelector("[data-cursor-line]");
  line.style.setProperty("--at", at);
  line.querySelector("[data-cursor-time]").textContent = writeTime(rows[at].time);
  line.querySelector("[data-cursor-values]").textContent = writeValues(figure, rows[at]);
  line.querySelector("[data-cursor-notes]").textContent = notes.join(". ");
};

// A screen reader speaks each change of the focused value, so update that only on a key press.
const tell = (figure, rows, at, words) => {
  const plot = figure.querySelector("[data-plot]");
  plot.setAttribute("aria-valuemin", 1 - rows.length);
  plot.setAttribute("aria-valuenow", at - rows.length + 1);
  plot.setAttribute("aria-valuetext", describe(figure, rows[at], words));
};

const askForNotes = (board, at) => {
  const notes = [];
  board.dispatchEvent(new CustomEvent("cursor", { detail: { at, notes } }));
  return notes;
};

const isPlot = (element) => Boolean(element?.closest?.("[data-plot]"));

export const createReading = (figures, board, { writeTime = writeClock, slides = true } = {}) => {
  let rows = [];
  let cursor = null;
  // A tap marks a moment, which slides with the window. A mouse marks a place.
  let tapped = null;
  const lastFull = () => Math.max(0, rows.length - 2);

  const legendRow = () => {
    if (slides) return rows[lastFull()];
    return cursor === null ? null : rows[cursor];
  };

  const show = (isAsked) => {
    if (!rows.length) return;
    const at = cursor ?? lastFull();
    const words = { writeTime, notes: askForNotes(board, cursor) };
    board.toggleAttribute("data-cursor", cursor !== null);
    for (const figure of figures) {
      showReadings(figure, legendRow());
      if (cursor !== null) showCursor(figure, rows, at, words);
      if (isAsked || !figure.contains(document.activeElement)) tell(figure, rows, at, words);
    }
  };

  const moveTo = (at, isTap = false) => {
    tapped = isTap && at !== null ? rows[at].time : null;
    if (at === cursor) return;
    cursor = at;
    show(true);
  };

  const slide = () => {
    if (tapped === null) return;
    const at = rows.findIndex(({ time }) => time === tapped);
    cursor = at < 0 ? null : at;
    if (at < 0) tapped = null;
  };

  const onKey = (event) => {
    if (event.key === "Escape") return moveTo(null);
    const step = STEPS[event.key];
    if (!step || !rows.length) return;
    event.preventDefault();
    moveTo(Math.min(rows.length - 1, Math.max(0, (cursor ?? lastFull()) + step)));
  };

  const listen = (plot) => {
    const read = ({ clientX, pointerType }) =>
      moveTo(bucketAt(plot, clientX, rows.length), pointerType === "touch");
    plot.addEventListener("pointerdown", read);
    plot.addEventListener("pointermove", read);
    // A lifted finger leaves the plot; its tap stays until the next one.
    plot.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType !== "touch") moveTo(null);
    });
    // The touch became a scroll.
    plot.addEventListener("pointercancel", () => moveTo(null));
    plot.addEventListener("blur", ({ relatedTarget }) => {
      if (tapped === null && !isPlot(relatedTarget)) moveTo(null);
    });
    plot.addEventListener("keydown", onKey);
  };

  for (const figure of figures) listen(figure.querySelector("[data-plot]"));
  board.addEventListener("seek", ({ detail: at }) => moveTo(at));
  addEventListener("pointerdown", ({ target }) => {
    if (tapped !== null && !isPlot(target)) moveTo(null);
  });

  return (latest) => {
    rows = latest;
    slide();
    show(false);
  };
};

// The range picker of an instance's page: custom times, zoom by dragging, and the export's range.

import { momentsOf, toLocal } from "./local-time.js";
import { withFilter } from "./mark-filter.js";
import { writeDuration } from "./numerals.js";
import { bucketAt } from "./reading.js";

const LIVE_MS = 120_000;
// A tap moves slightly, by finger or by mouse.
const LEAST_DRAG_PX = 8;

const root = document.querySelector("[data-live]");
let rows = [];
let interval = 1000;

root.addEventListener("rows", ({ detail }) => {
  ({ rows, interval } = detail);
  pointExports();
});
// The filter of marks stays in other ranges.
root.addEventListener("filter", () => {
  pointChoices();
  pointExports();
});

const go = (since, until) => {
  const query = new URLSearchParams({
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
  });
  location.search = withFilter(query);
};

const pointChoices = () => {
  for (const link of root.querySelectorAll(".range-choices a")) {
    const address = new URL(link.href);
    withFilter(address.searchParams);
    link.href = address;
  }
};

const shownRange = () => {
  const { from, to } = root.dataset;
  if (from) return [Number(from), Number(to)];
  if (rows.length) return [rows[0].time, rows.at(-1).time + interval];
  return [Date.now() - LIVE_MS, Date.now()];
};

const SKIPPED = "This time does not exist: the clocks are put forward over it.";

// The form uses local time, the address UTC.
const listenToForm = (form) => {
  const [from, to] = ["[data-from]", "[data-to]"].map((name) => form.querySelector(name));
  const repeated = form.querySelector("[data-repeated]");
  // The original values, because a local time may name two moments.
  const filled = new Map();

  const fill = (field, time) => {
    if (field.value) return;
    field.value = toLocal(time);
    filled.set(field, { text: field.value, time: Math.floor(time / 1000) * 1000 });
  };

  const moments = (field) => {
    const { text, time } = filled.get(field) ?? {};
    if (field.value === text) return [time];
    return field.value ? momentsOf(field.value) : [];
  };

  const showRepeated = () => {
    repeated.hidden = ![from, to].some((field) => moments(field).length > 1);
  };

  form.closest("details").addEventListener("toggle", () => {
    const [since, until] = shownRange();
    fill(from, since);
    fill(to, until);
    showRepeated();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const since = moments(from).at(0);
    const until = moments(to).at(-1);
    from.setCustomValidity(since === undefined ? SKIPPED : "");
    const isWrong = since >= until ? "The end must come after the start." : "";
    to.setCustomValidity(until === undefined ? SKIPPED : isWrong);
    if (form.reportValidity()) go(since, until);
  });
  form.addEventListener("input", () => {
    from.setCustomValidity("");
    to.setCustomValidity("");
    showRepeated();
  });
};

// Sets the shown range in each link, so that a link can be copied as well as clicked.
const pointExports = () => {
  const [since, until] = shownRange().map((time) => new Date(time).toISOString());
  for (const link of root.querySelectorAll("[data-export]")) {
    const address = new URL(link.href);
    address.searchParams.set("since", since);
    address.searchParams.set("until", until);
    if (link.dataset.export === "statuses")
      address.searchParams.set("interval", writeDuration(interval));
    link.href = address;
  }
  // The shown range, fixed, for readers who open the link later.
  const range = new URLSearchParams({ since, until, interval: writeDuration(interval) });
  root.querySelector("[data-copy-view]").dataset.copy =
    `${location.origin}${location.pathname}?${withFilter(range)}`;
};

const listenToDrag = (plot) => {
  const selection = plot.querySelector("[data-selection]");
  let start = null;
  let end = null;
  let startX = 0;
  let isDrag = false;
  // The live window slides during a drag, so the drag refers to the rows at its start.
  let held = [];

  const drop = () => {
    start = null;
    selection.hidden = true;
  };

  plot.addEventListener("pointerdown", ({ button, clientX, pointerId }) => {
    start = button === 0 ? bucketAt(plot, clientX, rows.length) : null;
    if (start === null) return;
    [startX, isDrag] = [clientX, false];
    held = rows;
    end = start;
    plot.setPointerCapture(pointerId);
  });
  plot.addEventListener("pointermove", ({ clientX }) => {
    if (start === null) return;
    isDrag ||= Math.abs(clientX - startX) >= LEAST_DRAG_PX;
    end = bucketAt(plot, clientX, held.length) ?? end;
    selection.hidden = !isDrag || end === start;
    selection.style.setProperty("--from", Math.min(start, end));
    selection.style.setProperty("--to", Math.max(start, end) + 1);
  });
  plot.addEventListener("pointerup", () => {
    const [first, last] = [start, end].sort((a, b) => a - b);
    const dragged = start !== null && isDrag && first !== last;
    drop();
    if (dragged) go(held[first].time, held[last].time + interval);
  });
  plot.addEventListener("pointercancel", drop);
  plot.addEventListener("keydown", ({ key }) => key === "Escape" && drop());
};

pointChoices();
listenToForm(root.querySelector("[data-custom-range]"));
for (const plot of root.querySelectorAll("[data-plot]")) listenToDrag(plot);

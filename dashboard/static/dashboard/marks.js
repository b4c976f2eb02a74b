// The marks of the shown range: lines in the charts, names at the cursor, and a list.
//
// live.js and stored.js read the series and announce its rows; reading.js has the cursor.

import { createApi } from "./api.js";
import { keepFilter, readFilter } from "./mark-filter.js";
import { createMarkLines } from "./mark-lines.js";
import { createMarkList } from "./mark-list.js";

const REFRESH_MS = 2000;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;
const TYPING_MS = 300;
// A line is too thin to be hit by a mouse or a finger.
const NEAR_PX = 6;
const MOST_NAMES = 3;
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

const root = document.querySelector("[data-live]");
const plot = root.querySelector("[data-plot]");
const field = root.querySelector("[data-marks-filter]");
const { instanceId, apiUrl } = root.dataset;
const api = createApi(apiUrl);
const draw = createMarkLines(root);
const list = createMarkList(root.querySelector("[data-marks]"));
let marks = [];
let read = "";
let span = null;
let cursor = null;
let timer = 0;
let pause = FIRST_PAUSE_MS;

const isStored = () => Boolean(root.dataset.from);

const shownRange = () => {
  if (isStored()) return { since: Number(root.dataset.from), until: Number(root.dataset.to) };
  return { since: span.first, until: span.first + span.count * span.interval };
};

// In buckets from the window's start.
const placeOf = ({ time }) => (time - span.first) / span.interval;

const isShown = (mark) => placeOf(mark) >= 0 && placeOf(mark) < span.count;

const show = () => draw(marks.filter(isShown).map((mark) => placeOf(mark) / span.count));

const toMark = ({ time, name, data }) => ({ at: time, time: Date.parse(time), name, data });

// For an erased instance or a wrong filter, another try would fail as well.
const mayPass = ({ status }) => status === 0 || status === 429 || status >= 500;

const readMarks = async () => {
  clearTimeout(timer);
  if (document.hidden) return;
  const filter = field.value;
  const range = shownRange();
  try {
    const answer = await api.fetchMarks({ instanceId, ...range, name: filter });
    if (filter !== field.value) return;
    take(answer, { ...range, filter });
    pause = FIRST_PAUSE_MS;
    clearTimeout(timer);
    if (!isStored()) timer = setTimeout(readMarks, REFRESH_MS);
  } catch (problem) {
    list.tell("could not be read");
    clearTimeout(timer);
    if (!mayPass(problem)) return;
    timer = setTimeout(readMarks, pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
};

// Rows of the list are kept if nothing changed, so that a selection in them survives.
const take = (answer, shown) => {
  const text = JSON.stringify([answer, shown.filter]);
  if (text === read) return;
  read = text;
  marks = answer.marks.map(toMark);
  list.show({ marks, isCut: answer.next_cursor !== null, ...shown });
  show();
};

const near = (at) => {
  const reach = Math.max(0.5, (NEAR_PX * span.count) / plot.clientWidth);
  return marks.filter((mark) => Math.abs(placeOf(mark) - at - 0.5) <= reach);
};

const writeNames = (found) => {
  const counts = new Map();
  for (const { name } of found) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts].map(([name, count]) => (count > 1 ? `${name} ×${count}` : name));
  const left = names.splice(MOST_NAMES).length;
  return names.join(" · ") + (left ? ` · ${left} more` : "");
};

const note = ({ detail }) => {
  cursor = detail.at;
  if (cursor === null || !span) return;
  const found = near(cursor);
  if (found.length) detail.notes.push(writeNames(found));
};

const nextBucket = (step) => {
  const buckets = marks.filter(isShown).map((mark) => Math.floor(placeOf(mark)));
  const from = cursor ?? span.count;
  if (step > 0) return buckets.find((bucket) => bucket > from);
  return buckets.findLast((bucket) => bucket < from);
};

const seek = (event) => {
  const step = event.shiftKey && STEPS[event.key];
  if (!step || !span || !event.target.closest("[data-plot]")) return;
  event.preventDefault();
  event.stopPropagation();
  const at = nextBucket(step);
  if (at !== undefined) root.dispatchEvent(new CustomEvent("seek", { detail: at }));
};

const filterBy = (text) => {
  keepFilter(text);
  root.dispatchEvent(new CustomEvent("filter"));
  if (span) readMarks();
};

const listenToFilter = () => {
  field.value = readFilter();
  let typing = 0;
  field.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => filterBy(field.value), TYPING_MS);
  });
};

listenToFilter();
root.addEventListener("rows", ({ detail: { rows, interval } }) => {
  const isFirst = !span;
  span = { first: rows[0].time, interval, count: rows.length };
  if (isFirst) readMarks();
  else show();
});
root.addEventListener("cursor", note);
root.addEventListener("keydown", seek, true);
document.addEventListener("visibilitychange", () => span && readMarks());

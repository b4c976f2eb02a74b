// The research measures of the shown range, read when their table is opened.

import { readJson } from "./api.js";
import { NOTHING, writeWhole } from "./numerals.js";

const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });

// In the order of docs/metrics.md.
const MEASURES = {
  events: ["Samples", ""],
  entries: ["Entries into the page", ""],
  tracked_time: ["Tracked time", "s"],
  moving_time: ["Moving time", "s"],
  path_length: ["Path length", "px"],
  net_x: ["Net X", "px"],
  net_y: ["Net Y", "px"],
  net_displacement: ["Net displacement", "px"],
  straightness: ["Straightness", "0 to 1"],
  x_flips: ["Changes of direction in X", ""],
  y_flips: ["Changes of direction in Y", ""],
  pauses: ["Pauses", ""],
  pause_time: ["Time in pauses", "s"],
  strokes: ["Strokes", ""],
  stroke_time: ["Time in strokes", "s"],
  velocity_mean: ["Velocity in strokes, mean", "px/s"],
  velocity_p5: ["Velocity, 5 % of the time below", "px/s"],
  velocity_p25: ["Velocity, 25 % below", "px/s"],
  velocity_p50: ["Velocity, median", "px/s"],
  velocity_p75: ["Velocity, 75 % below", "px/s"],
  velocity_p95: ["Velocity, 95 % below", "px/s"],
  velocity_max: ["Fastest step", "px/s"],
  acceleration_max: ["Acceleration, largest", "px/s²"],
  acceleration_min: ["Braking, hardest", "px/s²"],
  jerk_rms: ["Jerk, root mean square", "px/s³"],
  log_dimensionless_jerk: ["Smoothness, log dimensionless jerk", ""],
};

const root = document.querySelector("[data-live]");
const section = root.querySelector("[data-measures]");
const said = section.querySelector("[data-measures-said]");
const body = section.querySelector("tbody");
let shown = null;

// Counts are exact.
const write = (value) => {
  if (value === null) return NOTHING;
  if (Number.isInteger(value)) return writeWhole(value);
  return precise.format(value).replace("-", "\u2212");
};

const createRow = ([name, [words, unit]], measures) => {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = words;
  const value = document.createElement("td");
  value.dataset.measure = name;
  value.dataset.value = measures[name] ?? "";
  value.textContent = write(measures[name]);
  const measured = document.createElement("td");
  measured.textContent = unit;
  row.append(head, value, measured);
  return row;
};

const show = ({ measures, pause_ms: pause }) => {
  body.replaceChildren(...Object.entries(MEASURES).map((entry) => createRow(entry, measures)));
  const words = `A rest of over ${pause} ms is a pause. They are of the raw samples.`;
  said.textContent = measures.events ? words : `No samples in this range. ${words}`;
};

const read = async () => {
  const { apiUrl, instanceId } = root.dataset;
  const query = new URLSearchParams(shown);
  said.textContent = "Reading…";
  try {
    show(await readJson(`${apiUrl}browsers/${instanceId}/measures/?${query}`));
  } catch ({ message }) {
    said.textContent = `Not read: ${message}. Close and open it to try again.`;
  }
};

root.addEventListener("rows", ({ detail: { rows, interval } }) => {
  const since = Number(root.dataset.from) || rows[0].time;
  const until = Number(root.dataset.to) || rows.at(-1).time + interval;
  const isFirst = !shown;
  shown = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
  if (isFirst && section.open) read();
});
section.addEventListener("toggle", () => section.open && shown && read());

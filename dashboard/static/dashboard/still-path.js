// The path of the shown range: a small drawing of its first samples, and links that play it.
//
// live.js and stored.js announce the rows of the charts, reading.js its cursor.

import { writeWhole } from "./numerals.js";
import { colours, speedStep } from "./path.js";
import { fitCanvas, listenToTheme } from "./playback/palette.js";
import { createRows } from "./playback/rows.js";
import { toMs } from "./playback/samples.js";

// Two pages of the API.
const MOST = 2000;
const MARGIN = 8;

const root = document.querySelector("[data-live]");
const figure = root.querySelector("[data-still]");
const canvas = figure.querySelector("canvas");
const said = figure.querySelector("[data-still-said]");
const context = canvas.getContext("2d");
let samples = [];
let frame = { width: 1, height: 1 };

const toSample = ({ time, x, y, enter }) => ({ at: toMs(time), x, y, enter });

const readSamples = async (rows, range) => {
  const first = await rows.readEvents(range);
  if (first.next_cursor === null) return first.events;
  const second = await rows.readEvents({ ...range, cursor: first.next_cursor });
  return [...first.events, ...second.events];
};

// The first scene's viewport; without a scene, as much as the positions need.
const frameOf = (found, { events: [start] }) =>
  found.reduce(
    ({ width, height }, { x, y }) => ({ width: Math.max(width, x), height: Math.max(height, y) }),
    { width: start?.viewport_width ?? 1, height: start?.viewport_height ?? 1 },
  );

const draw = () => {
  const box = fitCanvas(canvas, context);
  const palette = colours();
  const scale = Math.min(
    (box.width - 2 * MARGIN) / frame.width,
    (box.height - 2 * MARGIN) / frame.height,
  );
  const left = (box.width - frame.width * scale) / 2;
  const top = (box.height - frame.height * scale) / 2;
  context.clearRect(0, 0, box.width, box.height);
  context.strokeStyle = palette.rest;
  context.lineWidth = 1;
  context.globalAlpha = 0.5;
  context.strokeRect(left, top, frame.width * scale, frame.height * scale);
  context.globalAlpha = 0.8;
  context.lineWidth = 1.5;
  context.lineCap = "round";
  samples.forEach((sample, i) => {
    if (!i || sample.enter) return;
    const before = samples[i - 1];
    context.strokeStyle = palette.scale[speedStep(before, sample)];
    context.beginPath();
    context.moveTo(left + before.x * scale, top + before.y * scale);
    context.lineTo(left + sample.x * scale, top + sample.y * scale);
    context.stroke();
  });
};

const describe = (total) => {
  if (!total) return "no movement";
  if (!samples.length) return "the samples are gone";
  if (samples.length < MOST) return `${writeWhole(samples.length)} samples, in the window`;
  return `the first ${writeWhole(MOST)} of ${writeWhole(total)} samples, in the window`;
};

const show = async (since, until, total) => {
  const rows = createRows(root.dataset);
  const range = { since, until };
  try {
    const [found, start] = await Promise.all([
      readSamples(rows, range),
      rows.readEvents({ ...range, limit: 1, with: "scene" }),
    ]);
    samples = found.map(toSample);
    frame = frameOf(samples, start);
    said.textContent = describe(Math.max(total, samples.length));
    new ResizeObserver(draw).observe(canvas);
    listenToTheme(draw);
  } catch (problem) {
    said.textContent = problem.code ? `not read: ${problem.status} ${problem.code}` : "not drawn";
  }
};

root.addEventListener(
  "rows",
  ({ detail: { rows } }) => {
    const { from, to } = root.dataset;
    const total = rows.reduce((sum, { events }) => sum + (events ?? 0), 0);
    show(Number(from), Number(to), total);
  },
  { once: true },
);

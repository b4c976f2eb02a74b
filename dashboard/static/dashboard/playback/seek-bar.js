// The seek bar: the velocity of the range as a curve, its marks, and the play head.

import { createMarkLines } from "../mark-lines.js";
import { roundTicks } from "../ticks.js";
import { createTimeAxis } from "../time-axis.js";
import { fitCanvas, listenToTheme, readPalette } from "./palette.js";

const TOP = 6;
// A label this near to an end would be cut off.
const EDGE = 0.04;

export const createSeekBar = ({ bar, since, until, onSeek }) => {
  const canvas = bar.querySelector("[data-curve]");
  const head = bar.querySelector("[data-head]");
  const context = canvas.getContext("2d");
  const drawMarks = createMarkLines(bar);
  const length = until - since;
  const shareOf = (time) => (time - since) / length;
  const drawTimeAxis = createTimeAxis(bar, (most) =>
    roundTicks(since, until, most)
      .map(({ time, text }) => ({ share: shareOf(time), text }))
      .filter(({ share }) => share > EDGE && share < 1 - EDGE),
  );
  let statuses = [];
  let interval = 1000;
  let isHeld = false;

  const drawBuckets = ({ width, height }) => {
    const highest = statuses.reduce((top, { avg_velocity: average }) => Math.max(top, average), 1);
    for (const { time, avg_velocity: average } of statuses) {
      const left = shareOf(Date.parse(time)) * width;
      const right = shareOf(Date.parse(time) + interval) * width;
      const tall = (average / highest) * (height - TOP);
      context.fillRect(left, height - tall, Math.max(1, right - left), tall);
    }
  };

  const draw = () => {
    const box = fitCanvas(canvas, context);
    context.clearRect(0, 0, box.width, box.height);
    context.fillStyle = readPalette().average;
    drawBuckets(box);
    drawTimeAxis(box.width);
  };

  const timeAt = ({ clientX }) => {
    const { left, width } = canvas.getBoundingClientRect();
    return since + Math.min(1, Math.max(0, (clientX - left) / width)) * length;
  };

  bar.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    isHeld = true;
    bar.setPointerCapture(event.pointerId);
    onSeek(timeAt(event));
  });
  bar.addEventListener("pointermove", (event) => isHeld && onSeek(timeAt(event)));
  for (const end of ["pointerup", "pointercancel"])
    bar.addEventListener(end, () => {
      isHeld = false;
    });
  new ResizeObserver(draw).observe(canvas);
  listenToTheme(draw);

  return {
    showCurve: (series) => {
      statuses = series.statuses;
      interval = series.interval_ms;
      draw();
    },
    showMarks: (marks) => drawMarks(marks.map(({ time }) => shareOf(time))),
    showHead: (time) => head.style.setProperty("--share", shareOf(time)),
    // Spoken at each change while the bar has the focus, so only when it is asked for.
    tell: (time, text) => {
      bar.setAttribute("aria-valuenow", Math.round((time - since) / 1000));
      bar.setAttribute("aria-valuetext", text);
    },
  };
};

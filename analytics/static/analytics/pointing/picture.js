// Two drawings of a run: the throughput of each ring with the mean, and where the presses ended.

import { createShape } from "../shapes.js";
import { writeCondition } from "./ring.js";
import { endPoint, isError } from "./throughput.js";

const WIDTH = 400;
const LEFT = 112;
const RIGHT = 16;
const ROW = 28;
const BOTTOM = 40;
const TICKS = 6;
// How far the drawing of end points reaches, in widths of the target.
const REACH = 1.25;

const shape = (name, attributes, text) => {
  const element = createShape(name, attributes);
  if (text !== undefined) element.textContent = text;
  return element;
};

const fill = (svg, viewBox, label, shapes) => {
  svg.setAttribute("viewBox", viewBox);
  svg.setAttribute("aria-label", label);
  svg.replaceChildren(...shapes);
};

const stepOf = (most) =>
  [0.5, 1, 2, 5, 10, 20, 50, 100].find((step) => most / step <= TICKS) ?? most;

export const drawRates = (svg, sequences, { throughput, interval }) => {
  const rates = sequences.map((sequence) => sequence.throughput ?? 0);
  const most = Math.max(...rates, interval?.[1] ?? 0, 1);
  const step = stepOf(most);
  const end = Math.ceil(most / step) * step;
  const bottom = ROW * sequences.length;
  const x = (rate) => LEFT + ((WIDTH - LEFT - RIGHT) * Math.min(Math.max(rate, 0), end)) / end;
  const shapes = [];
  for (let tick = 0; tick <= end; tick += step) {
    const place = { x1: x(tick), x2: x(tick), y1: 0, y2: bottom + 4, class: "picture-grid" };
    shapes.push(shape("line", place));
    shapes.push(shape("text", { x: x(tick), y: bottom + 20, class: "picture-tick" }, tick));
  }
  if (interval) {
    const [low, high] = interval.map(x);
    const band = { x: low, y: 0, width: high - low, height: bottom, class: "picture-band" };
    shapes.push(shape("rect", band));
  }
  if (throughput !== null) {
    const middle = {
      x1: x(throughput),
      x2: x(throughput),
      y1: 0,
      y2: bottom,
      class: "picture-mean",
    };
    shapes.push(shape("line", middle));
  }
  sequences.forEach((sequence, i) => {
    const y = ROW * (i + 0.5);
    const name = writeCondition(sequence.condition);
    shapes.push(shape("text", { x: LEFT - 12, y: y + 5, class: "picture-row" }, name));
    if (sequence.throughput !== null)
      shapes.push(
        shape("circle", { cx: x(sequence.throughput), cy: y, r: 6, class: "picture-dot" }),
      );
  });
  const middle = { x: (LEFT + WIDTH - RIGHT) / 2, y: bottom + 38, class: "picture-tick" };
  shapes.push(shape("text", middle, "bit/s"));
  const label = `The throughput of ${sequences.length} rings; the table below has the numbers`;
  fill(svg, `0 0 ${WIDTH} ${bottom + BOTTOM}`, label, shapes);
};

const within = (value) => Math.min(Math.max(value, -REACH), REACH);

// All movements as if they went to the right and their target were one wide. Returns how many lie
// beyond the drawing, and are drawn at its edge.
export const drawEnds = (svg, sequences) => {
  const movements = sequences.flatMap((sequence) => sequence.movements);
  const shapes = [
    shape("line", { x1: -REACH, x2: 0, y1: 0, y2: 0, class: "picture-axis" }),
    shape("circle", { cx: 0, cy: 0, r: 0.5, class: "picture-target" }),
  ];
  let beyond = 0;
  for (const movement of movements) {
    const { overshoot, aside } = endPoint(movement);
    const [x, y] = [overshoot / movement.width, aside / movement.width];
    if (Math.max(Math.abs(x), Math.abs(y)) > REACH) beyond += 1;
    const [cx, cy] = [within(x), within(y)];
    shapes.push(
      isError(movement)
        ? shape("path", {
            d: `M${cx - 0.03} ${cy - 0.03}l.06 .06m0-.06l-.06 .06`,
            class: "picture-miss",
          })
        : shape("circle", { cx, cy, r: 0.025, class: "picture-hit" }),
    );
  }
  const edge = REACH + 0.05;
  const label = `Where ${movements.length} movements ended, seen from the target's centre`;
  fill(svg, `${-edge} ${-edge} ${2 * edge} ${2 * edge}`, label, shapes);
  return beyond;
};

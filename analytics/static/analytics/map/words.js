// A map in words: its values, what it is of, and what it leaves out.

import { partsOfSpan, writeRange, writeWhole } from "../../dashboard/numerals.js";
import { CELL_PX } from "./grid.js";

const FEW = 5;
const WIDTHS = [0, 480, 768, 1024, 1440, 1920];
const NAMES = { dwell: "dwell", samples: "samples", instances: "instances" };

export const writeDwell = (seconds) => {
  if (!seconds) return "0 s";
  if (seconds < 1) return `${writeWhole(Math.max(1, seconds * 1000))} ms`;
  return partsOfSpan(seconds)
    .map((part) => part.join(" "))
    .join(" ");
};

const writeCount = (count, one) => `${writeWhole(count)} ${one}${count === 1 ? "" : "s"}`;

export const writeValue = (value, weight) =>
  weight === "dwell" ? writeDwell(value) : writeWhole(value);

const writeNamed = (value, weight) => {
  if (weight === "dwell") return `${writeDwell(value)} of dwell`;
  return writeCount(value, weight.slice(0, -1));
};

export const writeShare = (share) => {
  const percent = share * 100;
  if (!percent) return "0 %";
  if (percent < 0.01) return "under 0.01 %";
  return `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
};

export const nameOf = (weight) => NAMES[weight][0].toUpperCase() + NAMES[weight].slice(1);

// The windows of a width class: "480 to 767 px".
export const writeWidth = (width) => {
  const next = WIDTHS[WIDTHS.indexOf(width) + 1];
  if (!width) return `under ${next} px`;
  return next ? `${width} to ${next - 1} px` : `${width} px and more`;
};

export const writePlace = ([column, row]) => {
  const [x, y] = [column, row].map((n) => n * CELL_PX);
  return `x ${x} to ${x + CELL_PX - 1}, y ${y} to ${y + CELL_PX - 1} px`;
};

export const writeCell = (cell, value, { weight, total }) => {
  const words = value ? `${writeNamed(value, weight)}, ${writeShare(value / total)}` : "nothing";
  return `${writePlace(cell)}: ${words}`;
};

// Of two maps: the shares of a cell, and by how much A's is higher.
export const writePair = (cell, [a, b]) => {
  const points = writeShare(Math.abs(a - b)).replace(" %", " points");
  const more = a === b ? "no difference" : `${a > b ? "A" : "B"} has ${points} more`;
  return `${writePlace(cell)}: A ${writeShare(a)}, B ${writeShare(b)}, ${more}`;
};

const shownClass = (map) => map.widths.find(({ width }) => width === map.width);

export const writeSummary = (map) => {
  const { dwell = 0 } = shownClass(map) ?? {};
  const times = [map.since, map.until].map((time) => Date.parse(time));
  const parts = [
    writeCount(map.instances, "instance"),
    writeCount(map.samples, "sample"),
    `${writeDwell(dwell)} of dwell`,
    `windows ${writeWidth(map.width)}`,
    map.pointer ? `pointer: ${map.pointer}` : "all pointers",
    ...(map.label ? [`labels that begin with “${map.label}”`] : []),
  ];
  return `${parts.join(" · ")} · ${writeRange(...times)}.`;
};

export const writeFew = ({ instances }) => {
  if (instances >= FEW) return "";
  if (!instances) return "Nobody was here.";
  const few = instances === 1 ? "One instance only" : `Only ${instances} instances`;
  return `${few}: this shows what single people did, and says little of others.`;
};

export const writeLeftOut = (map, outside) => {
  const others = map.widths.filter(({ width }) => width !== map.width);
  const count = others.reduce((sum, { instances }) => sum + instances, 0);
  const parts = ["samples that name no page"];
  if (count) parts.push(`${writeCount(count, "instance")} with windows of other widths`);
  if (outside) parts.push(`${writeShare(outside)} that lies beyond the picture's edges`);
  return `Left out: ${parts.join("; ")}. Included: what is stored but not rolled up yet.`;
};

const EMPTY = {
  nothing: ["No pointer was here", "Choose a longer range, another pointer, or all labels."],
  elsewhere: [
    "No pointer was here at this width",
    "Pointers were here with windows of other widths: choose one of those above.",
  ],
  other: [
    "There is nothing to compare with",
    "B has nothing at this width. Choose another B, or a longer range.",
  ],
};

// A title, and what to do, where there is no map or nothing to compare it with.
export const writeEmpty = ([map]) => {
  if (map.samples) return EMPTY.other;
  return map.widths.length ? EMPTY.elsewhere : EMPTY.nothing;
};

const depthOf = (sums, wanted) => {
  let sum = 0;
  const row = sums.findIndex((value) => {
    sum += value;
    return sum >= wanted;
  });
  return (row + 1) * CELL_PX;
};

// The depths above which half and nine tenths of the values lie.
export const writeDepths = (sums) => {
  const total = sums.reduce((sum, value) => sum + value, 0);
  if (!total) return "";
  const [half, most] = [0.5, 0.9].map((share) => writeWhole(depthOf(sums, total * share)));
  return `By depth: half of it lies above ${half} px, nine tenths above ${most} px.`;
};

// The distribution of each measure by condition: a dot for each drawn trial, and a box of all.

import { NOTHING } from "../../dashboard/numerals.js";
import { createElement } from "../cells.js";
import { createShape } from "../shapes.js";
import { colourOf, nameOf } from "./colours.js";

const ROW_PX = 26;
const GOLDEN = 0.618034;

const long = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export const writeValue = (value) => {
  if (value === null || value === undefined) return NOTHING;
  return (Math.abs(value) >= 100 ? long : short).format(value).replace("-", "\u2212");
};

const percent = (share) => `${(4 + 92 * share).toFixed(2)}%`;

const createRow = ({ box, dots, i, toShare }) => {
  const group = createShape("g", { "data-condition": `c${i}` });
  group.style.setProperty("--series", colourOf(i));
  const top = i * ROW_PX;
  const middle = top + ROW_PX / 2;
  for (const [id, value] of dots) {
    // The same trial keeps its place.
    const cy = top + 4 + (ROW_PX - 8) * ((id * GOLDEN) % 1);
    const cx = percent(toShare(value));
    group.append(createShape("circle", { class: "study-dot", cx, cy: cy.toFixed(1), r: 2 }));
  }
  const [least, first, median, third, most] = [
    box.least,
    box.first_quartile,
    box.median,
    box.third_quartile,
    box.most,
  ].map(toShare);
  const line = (a, b, y1, y2, kind) =>
    createShape("line", { class: kind, x1: percent(a), x2: percent(b), y1, y2 });
  const width = `${(92 * (third - first)).toFixed(2)}%`;
  group.append(
    line(least, first, middle, middle, "study-whisker"),
    line(third, most, middle, middle, "study-whisker"),
    createShape("rect", {
      class: "study-box",
      x: percent(first),
      width,
      y: top + 5,
      height: ROW_PX - 10,
    }),
    line(median, median, top + 3, top + ROW_PX - 3, "study-median"),
  );
  return group;
};

const createFigure = (measure, { conditions, index, about, unit }) => {
  const boxes = conditions.map(({ measures }) => measures[measure]);
  const known = boxes.filter(Boolean);
  const least = Math.min(...known.map((box) => box.least));
  const most = Math.max(...known.map((box) => box.most));
  const toShare = (value) => (most > least ? (value - least) / (most - least) : 0.5);
  const figure = createElement("figure", { kind: "study-measure" });
  figure.dataset.measure = measure;
  const title = createElement("h3", { text: measure.replaceAll("_", " "), title: about });
  title.append(" ", createElement("span", { text: unit, kind: "unit" }));
  const head = createElement("figcaption");
  head.append(title, createElement("p", { text: about, kind: "study-about" }));
  const drawing = createShape("svg", { "aria-hidden": "true", height: conditions.length * ROW_PX });
  const scale = createElement("p", { kind: "study-scale" });
  scale.append(
    createElement("span", { text: writeValue(least) }),
    createElement("span", { text: writeValue(most) }),
  );
  const medians = createElement("p", { kind: "study-medians" });
  conditions.forEach(({ condition, drawn }, i) => {
    const box = boxes[i];
    if (!box) return;
    const dots = drawn
      .map(({ id, values }) => [id, values[index]])
      .filter(([, value]) => value !== null);
    drawing.append(createRow({ box, dots, i, toShare }));
    const words = createElement("span");
    words.dataset.condition = `c${i}`;
    const name = createElement("bdi", { text: nameOf(condition) });
    words.append(name, ` ${writeValue(box.median)}`);
    words.title = `${nameOf(condition)}: median of ${box.n} trials`;
    medians.append(words);
  });
  figure.append(head, drawing, scale, medians);
  return figure;
};

const fillTable = (body, { measures, conditions }, about) => {
  const rows = measures.flatMap((measure) =>
    conditions
      .filter((one) => one.measures[measure])
      .map(({ condition, measures: boxes }) => {
        const box = boxes[measure];
        const row = createElement("tr");
        const unit = about[measure][1];
        const text = `${measure.replaceAll("_", " ")}${unit ? `, ${unit}` : ""}`;
        row.append(createElement("th", { text, scope: "row" }));
        const name = createElement("td");
        name.append(createElement("bdi", { text: nameOf(condition) }));
        row.append(name);
        const numbers = [
          ...[box.n, box.mean, box.sd, box.least],
          ...[box.first_quartile, box.median, box.third_quartile, box.most],
        ];
        for (const number of numbers) row.append(createElement("td", { text: writeValue(number) }));
        return row;
      }),
  );
  body.replaceChildren(...rows);
};

// `about` has for each measure what it is, and its unit.
export const showMeasures = (root, figures, about) => {
  const { measures, conditions } = figures;
  const shown = measures
    .map((measure, index) => ({ measure, index }))
    .filter(({ measure }) => conditions.some((one) => one.measures[measure]));
  const elements = shown.map(({ measure, index }) => {
    const [words, unit] = about[measure];
    return createFigure(measure, { conditions, index, about: words, unit });
  });
  root.querySelector("[data-measures]").replaceChildren(...elements);
  fillTable(root.querySelector("[data-measures-table] tbody"), figures, about);
};

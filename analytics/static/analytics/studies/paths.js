// The normalised paths of some trials, and on top of them the average of each condition with its
// standard error. A time along them is read by mouse and by keyboard.

import { NOTHING, writeTenth, writeWhole } from "../../dashboard/numerals.js";
import { createElement } from "../cells.js";
import { createShape } from "../shapes.js";
import { colourOf, dashOf, nameOf } from "./colours.js";

const STEPS = 100;
const TENTH = 10;
const MARGIN = 0.04;

const toPoints = (x, y) => x.map((value, i) => `${value},${y[i]}`).join(" ");

// The band across the path: how far the standard error reaches to both sides of each step.
const toBand = ({ x, y, x_error: ex, y_error: ey }) => {
  const left = [];
  const right = [];
  for (let i = 0; i < x.length; i += 1) {
    const [a, b] = [Math.max(i - 1, 0), Math.min(i + 1, x.length - 1)];
    const length = Math.hypot(x[b] - x[a], y[b] - y[a]) || 1;
    const [across, down] = [-(y[b] - y[a]) / length, (x[b] - x[a]) / length];
    const far = Math.hypot(across * ex[i], down * ey[i]);
    left.push(`${x[i] + across * far},${y[i] + down * far}`);
    right.push(`${x[i] - across * far},${y[i] - down * far}`);
  }
  return [...left, ...right.reverse()].join(" ");
};

const boundsOf = (conditions) => {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  const lines = conditions.flatMap(({ average, drawn }) => [
    average,
    ...drawn.filter(({ x }) => x),
  ]);
  for (const { x, y } of lines) {
    for (let i = 0; i < x.length; i += 1) {
      left = Math.min(left, x[i]);
      right = Math.max(right, x[i]);
      top = Math.min(top, y[i]);
      bottom = Math.max(bottom, y[i]);
    }
  }
  if (left > right) return null;
  const margin = MARGIN * Math.max(right - left, bottom - top, 1) + 1;
  return [left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin];
};

const createGroup = ({ average, drawn }, i) => {
  const group = createShape("g", { "data-condition": `c${i}` });
  group.style.setProperty("--series", colourOf(i));
  for (const { x, y } of drawn)
    if (x) group.append(createShape("polyline", { class: "study-path", points: toPoints(x, y) }));
  return { group, average, i };
};

const createAverage = ({ average, i }) => {
  const group = createShape("g", { "data-condition": `c${i}` });
  group.style.setProperty("--series", colourOf(i));
  if (average.x_error.length)
    group.append(createShape("polygon", { class: "study-band", points: toBand(average) }));
  const line = { class: "study-average", points: toPoints(average.x, average.y) };
  group.append(createShape("polyline", { ...line, "stroke-dasharray": dashOf(i) }));
  return group;
};

const writeError = (values, i) => (values.length ? ` ± ${writeTenth(values[i])}` : "");

const writePlace = ({ x, y, x_error: ex, y_error: ey }, i) =>
  `${writeTenth(x[i])}${writeError(ex, i)}, ${writeTenth(y[i])}${writeError(ey, i)}`;

const fillTable = (table, conditions) => {
  const head = createElement("tr");
  const titles = conditions.map(({ condition }) => `${nameOf(condition)}, x and y in px`);
  const heads = ["Time", ...titles].map((text) => createElement("th", { text, scope: "col" }));
  head.append(...heads);
  const rows = Array.from({ length: STEPS / TENTH + 1 }, (_, n) => {
    const row = createElement("tr");
    row.append(createElement("th", { text: `${n * TENTH} %`, scope: "row" }));
    for (const { average } of conditions)
      row.append(
        createElement("td", { text: average.n ? writePlace(average, n * TENTH) : NOTHING }),
      );
    return row;
  });
  table.tHead.replaceChildren(head);
  table.tBodies[0].replaceChildren(...rows);
};

const MOVES = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
};

export const createPaths = (root) => {
  const part = (name) => root.querySelector(`[data-${name}]`);
  const [slider, drawing, reading] = ["paths", "paths-drawing", "paths-reading"].map(part);
  let conditions = [];
  let step = null;

  const isHidden = (i) => (root.dataset.hides ?? "").split(" ").includes(`c${i}`);

  // What can be read: the averages that are shown.
  const averages = () => conditions.filter(({ average }, i) => average.n && !isHidden(i));

  const mark = () => {
    drawing.querySelector(".study-cursor")?.remove();
    if (step === null) return;
    const group = createShape("g", { class: "study-cursor" });
    conditions.forEach(({ average }, i) => {
      if (!average.n) return;
      const [cx, cy] = [average.x[step], average.y[step]];
      // A line without length is a dot of the line's width, whatever the drawing's scale is.
      const dot = createShape("path", { d: `M${cx} ${cy}h0`, "data-condition": `c${i}` });
      dot.style.setProperty("--series", colourOf(i));
      group.append(dot);
    });
    drawing.append(group);
  };

  const choose = (next, { isSpoken = true } = {}) => {
    if (!averages().length) return;
    step = Math.min(Math.max(next, 0), STEPS);
    const places = averages().map(
      ({ condition, average }) => `${nameOf(condition)} ${writePlace(average, step)}`,
    );
    const text = `${step} % of the time: ${places.join("; ")} px`;
    reading.textContent = text;
    if (isSpoken) {
      slider.setAttribute("aria-valuenow", step);
      slider.setAttribute("aria-valuetext", text);
    }
    mark();
  };

  const readAgain = () => {
    if (step !== null) choose(step, { isSpoken: false });
  };

  const nearest = ({ clientX, clientY }) => {
    const matrix = drawing.getScreenCTM();
    if (!matrix) return null;
    const at = new DOMPoint(clientX, clientY).matrixTransform(matrix.inverse());
    let [best, found] = [Infinity, null];
    for (const { average } of averages()) {
      average.x.forEach((x, i) => {
        const far = Math.hypot(x - at.x, average.y[i] - at.y);
        if (far < best) [best, found] = [far, i];
      });
    }
    return found;
  };

  slider.addEventListener("pointermove", (event) => {
    const found = nearest(event);
    if (found !== null) choose(found, { isSpoken: false });
  });
  slider.addEventListener("click", (event) => {
    const found = nearest(event);
    if (found !== null) choose(found);
  });
  slider.addEventListener("keydown", (event) => {
    const { key } = event;
    const from = step ?? 0;
    if (key in MOVES) choose(from + MOVES[key]);
    else if (key === "Home") choose(0);
    else if (key === "End") choose(STEPS);
    else return;
    event.preventDefault();
  });

  const show = (figures) => {
    conditions = figures.conditions;
    const bounds = boundsOf(conditions);
    const groups = conditions.map(createGroup);
    drawing.setAttribute("viewBox", (bounds ?? [0, 0, 1, 1]).map((n) => n.toFixed(2)).join(" "));
    drawing.replaceChildren(
      ...groups.map(({ group }) => group),
      ...groups.filter(({ average }) => average.n).map(createAverage),
    );
    fillTable(part("paths-table"), conditions);
    const count = conditions.reduce((sum, { drawn }) => sum + drawn.length, 0);
    const all = conditions.reduce((sum, { trials }) => sum + trials, 0);
    const some =
      count < all
        ? `${writeWhole(count)} of ${writeWhole(all)} trials are drawn; averages and boxes are of all.`
        : "";
    const without = conditions.reduce((sum, { trials, average }) => sum + trials - average.n, 0);
    const missing = without ? `${writeWhole(without)} trials have no samples and no path.` : "";
    part("drawn-note").textContent = [some, missing].filter(Boolean).join(" ");
    readAgain();
  };

  return { show, readAgain };
};

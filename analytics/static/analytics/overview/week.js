// The grid of weekdays and hours: one cell has the focus, and arrow keys move it.

import { readJson } from "../../dashboard/api.js";
import { NOTHING, writeTenth, writeZone } from "../../dashboard/numerals.js";
import { createElement, writeSpan } from "../cells.js";
import { startPart } from "./part.js";
import { DAYS, HOURS, isBetweenHours, toWeek } from "./week-cells.js";

const HOUR_MS = 3_600_000;
const WEEKS = 4;
const NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const STEPS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -HOURS],
  End: [0, HOURS],
};

const clock = (hour) => `${String(hour).padStart(2, "0")}:00`;

const describe = ({ day, hour, hours, mean }) => {
  const when = `${NAMES[day]}, ${clock(hour)} to ${clock(hour + 1)}`;
  if (!hours) return `${when}: nothing stored yet`;
  return `${when}: ${writeSpan(mean)} moving, ${hours === 1 ? "one hour" : `mean of ${hours} hours`}`;
};

const clamp = (value, most) => Math.min(most, Math.max(0, value));

const createCell = (cell, most) => {
  const element = createElement("div", { kind: "week-cell", tabIndex: -1 });
  element.setAttribute("role", "gridcell");
  element.setAttribute("aria-label", describe(cell));
  element.style.setProperty("--day", cell.day + 2);
  element.style.setProperty("--hour", cell.hour + 2);
  if (cell.mean === null) element.dataset.unknown = "";
  else element.style.setProperty("--share", most > 0 ? cell.mean / most : 0);
  return element;
};

const createHead = (text, role, name, place) => {
  const head = createElement("div", { text, kind: `week-head week-${name}` });
  head.setAttribute("role", role);
  head.style.setProperty(`--${name}`, place);
  return head;
};

const createRow = (...cells) => {
  const row = createElement("div", { kind: "week-row" });
  row.setAttribute("role", "row");
  row.append(...cells);
  return row;
};

const drawGrid = (grid, cells, most) => {
  const elements = cells.map((cell) => createCell(cell, most));
  const corner = createHead("", "columnheader", "hour", 1);
  corner.append(createElement("span", { text: "Day", kind: "hidden" }));
  const hours = Array.from({ length: HOURS }, (_, hour) =>
    createHead(String(hour), "columnheader", "hour", hour + 2),
  );
  const days = Array.from({ length: DAYS }, (_, day) =>
    createRow(
      createHead(NAMES[day], "rowheader", "day", day + 2),
      ...elements.slice(day * HOURS, (day + 1) * HOURS),
    ),
  );
  grid.replaceChildren(createRow(corner, ...hours), ...days);
  return elements;
};

const fillTable = (table, cells) => {
  const head = (text, scope) => createElement("th", { text, scope });
  const top = createElement("tr");
  top.append(head("Hour", "col"), ...NAMES.map((name) => head(name, "col")));
  const rows = Array.from({ length: HOURS }, (_, hour) => {
    const row = createElement("tr");
    const values = cells.filter((cell) => cell.hour === hour).map(({ mean }) => writeTenth(mean));
    row.append(head(clock(hour), "row"), ...values.map((text) => createElement("td", { text })));
    return row;
  });
  const thead = createElement("thead");
  const body = createElement("tbody");
  thead.append(top);
  body.append(...rows);
  table.replaceChildren(table.caption, thead, body);
};

// The sides of the grid may be turned on a narrow screen, and the arrow keys with it.
const isTurned = (grid) => getComputedStyle(grid).getPropertyValue("--turned").trim() === "1";

const listen = (grid, elements, cells, reading) => {
  const show = (i) => {
    reading.textContent = describe(cells[i]);
  };
  const isCell = (element) => elements.includes(element);
  let current = 0;
  const choose = (i) => {
    elements[current].tabIndex = -1;
    current = i;
    elements[i].tabIndex = 0;
  };
  choose(0);
  grid.addEventListener("focusin", ({ target }) => {
    if (!isCell(target)) return;
    choose(elements.indexOf(target));
    show(current);
  });
  grid.addEventListener(
    "pointerover",
    ({ target }) => isCell(target) && show(elements.indexOf(target)),
  );
  grid.addEventListener("click", ({ target }) => isCell(target) && target.focus());
  grid.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const isArrow = event.key.startsWith("Arrow");
    const [down, right] = isArrow && isTurned(grid) ? [step[1], step[0]] : step;
    const { day, hour } = cells[current];
    const next = clamp(day + down, DAYS - 1) * HOURS + clamp(hour + right, HOURS - 1);
    choose(next);
    elements[next].focus();
  });
};

export const startWeek = (root) => {
  const part = (name) => root.querySelector(`[data-week${name}]`);

  const read = async () => {
    // The running hour is left out, because it is not over.
    const until = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const since = until - WEEKS * DAYS * HOURS * HOUR_MS;
    const [from, to] = [since, until].map((time) => new Date(time).toISOString());
    const query = new URLSearchParams({ since: from, until: to, interval: "1h" });
    const { statuses } = await readJson(`${root.dataset.apiUrl}statuses/?${query}`);
    const cells = toWeek(statuses, until);
    const most = Math.max(0, ...cells.map(({ mean }) => mean ?? 0));
    const between = isBetweenHours(until)
      ? "; an hour of UTC counts for the local hour in which it begins"
      : "";
    part("-words").textContent = `the last four weeks, ${writeZone()}${between}`;
    part("-most").textContent = most > 0 ? writeSpan(most) : NOTHING;
    listen(part(""), drawGrid(part(""), cells, most), cells, part("-reading"));
    fillTable(part("-table"), cells);
  };

  startPart(root, "week", { read });
};

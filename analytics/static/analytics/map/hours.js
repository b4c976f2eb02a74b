// The dwell on a page over time, as bars and as a table: by hour, or by day for longer ranges.

import { readJson } from "../../dashboard/api.js";
import { timeWriter, writeZone } from "../../dashboard/numerals.js";
import { writeDwell } from "./words.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_HOURS = 8 * 24;
const SVG = "http://www.w3.org/2000/svg";

// The start of a moment's day in the viewer's zone, whose days may have 23 or 25 hours.
const startOfDay = (time) => new Date(time).setHours(0, 0, 0, 0);
const nextDay = (time) => new Date(time).setDate(new Date(time).getDate() + 1);

const listStarts = (since, until, isByDay) => {
  const starts = [];
  let time = isByDay ? startOfDay(since) : Math.floor(since / HOUR_MS) * HOUR_MS;
  while (time < until) {
    starts.push(time);
    time = isByDay ? nextDay(time) : time + HOUR_MS;
  }
  return starts;
};

// One [start, dwell] for each hour or day of the range.
const collect = (statuses, { since, until }) => {
  const isByDay = until - since > MOST_HOURS * HOUR_MS;
  const dwell = new Map(listStarts(since, until, isByDay).map((start) => [start, 0]));
  for (const status of statuses) {
    const time = Date.parse(status.time);
    const start = isByDay ? startOfDay(time) : time;
    dwell.set(start, (dwell.get(start) ?? 0) + status.dwell);
  }
  return { isByDay, bars: [...dwell].sort(([a], [b]) => a - b) };
};

const createBars = (bars) => {
  const svg = document.createElementNS(SVG, "svg");
  const most = Math.max(...bars.map(([, dwell]) => dwell));
  svg.setAttribute("viewBox", `0 0 ${bars.length} 100`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  bars.forEach(([, dwell], i) => {
    if (!dwell) return;
    const bar = document.createElementNS(SVG, "rect");
    const height = Math.max(1, (dwell / most) * 100);
    const place = { x: i + 0.1, width: 0.8, y: 100 - height, height };
    for (const [name, value] of Object.entries(place)) bar.setAttribute(name, value);
    svg.append(bar);
  });
  return svg;
};

const createRow = ([start, dwell], write) => {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = write(start);
  const cell = document.createElement("td");
  cell.textContent = writeDwell(dwell);
  row.append(head, cell);
  return row;
};

const show = (figure, statuses, range) => {
  const { isByDay, bars } = collect(statuses, range);
  const [first, last] = [bars[0][0], bars.at(-1)[0]];
  const interval = isByDay ? DAY_MS : HOUR_MS;
  // All times are with their day if one is.
  const write = timeWriter({ since: first, until: last + interval, interval });
  const part = (name) => figure.querySelector(`[data-hours-${name}]`);
  const [best, most] = bars.reduce((a, b) => (b[1] > a[1] ? b : a));
  part("unit").textContent = isByDay ? "day" : "hour";
  part("bars").replaceChildren(createBars(bars));
  part("words").textContent =
    `${write(first)} to ${write(last)} ${writeZone(range.until)}; ` +
    `most from ${write(best)}: ${writeDwell(most)}.`;
  const rows = bars.filter(([, dwell]) => dwell).map((bar) => createRow(bar, write));
  part("rows").replaceChildren(...rows);
};

// Of A. `isWanted` tells whether this map is still shown.
export const showHours = async (figure, { apiUrl, map, isWanted }) => {
  figure.hidden = true;
  const { since, until, width, pointer, label } = map;
  const asked = Object.entries({ since, until, width, pointer, label });
  const query = new URLSearchParams(asked.filter(([, value]) => value || value === 0));
  const url = `${apiUrl}pages/${map.page.id}/statuses/?${query}`;
  // The map is of use without them.
  const { statuses } = await readJson(url).catch(() => ({ statuses: [] }));
  if (!isWanted() || !statuses.some(({ dwell }) => dwell)) return;
  show(figure, statuses, { since: Date.parse(since), until: Date.parse(until) });
  figure.hidden = false;
};

// The list of all instances: read once a second while it is looked at.

import { Problem, readJson } from "./api.js";
import { NOTHING, writeMoment, writeWhole } from "./numerals.js";
import { createSparkline } from "./sparkline.js";

const PAUSE_MS = 1000;
const RECENT_SECONDS = 10;

const root = document.querySelector("[data-browsers]");
const body = root.querySelector("[data-rows]");
const next = root.querySelector("[data-next]");
const rows = new Map();
let timer = 0;

const cell = (row, name) => {
  const element = document.createElement("td");
  element.dataset.name = name;
  row.append(element);
  return element;
};

const createRow = ({ instance_id: id }) => {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  const link = document.createElement("a");
  link.href = `${location.pathname}${id}/`;
  link.textContent = id;
  head.append(link);
  row.append(head);
  const [state, spark, now, moved] = ["state", "spark", "now", "moved"].map((n) => cell(row, n));
  const sparkline = createSparkline();
  spark.append(sparkline.svg);
  return { row, state, now, moved, draw: sparkline.draw };
};

// The second before the running one, which is whole.
const velocityNow = ({ velocities }, seconds) =>
  velocities.find(([second]) => second === seconds - 1)?.[1] ?? 0;

const STATES = { moving: "Moving", resting: "Resting", off: "Logged off" };

const stateOf = ({ is_active: isActive, velocities }, seconds) => {
  if (!isActive) return "off";
  return velocities.at(-1)?.[0] >= seconds - RECENT_SECONDS ? "moving" : "resting";
};

const write = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

const fill = (shown, instance, seconds) => {
  const { moved_at: moved } = instance;
  shown.row.dataset.state = stateOf(instance, seconds);
  write(shown.state, STATES[shown.row.dataset.state]);
  write(shown.now, writeWhole(velocityNow(instance, seconds)));
  write(shown.moved, moved ? writeMoment(Date.parse(moved)) : NOTHING);
  shown.draw(instance.velocities, seconds);
};

// A row that is in its place stays there, and with it the keyboard's focus.
const place = (row, i) => {
  if (body.rows[i] !== row) body.insertBefore(row, body.rows[i] ?? null);
};

const showNext = (cursor) => {
  next.hidden = !cursor;
  if (cursor) next.href = `?${new URLSearchParams({ cursor })}`;
};

const show = ({ instances, seconds, next_cursor: cursor }) => {
  const ids = new Set(instances.map(({ instance_id: id }) => id));
  for (const [id, { row }] of rows) {
    if (ids.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  instances.forEach((instance, i) => {
    const id = instance.instance_id;
    if (!rows.has(id)) rows.set(id, createRow(instance));
    fill(rows.get(id), instance, seconds);
    place(rows.get(id).row, i);
  });
  root.querySelector("[data-list]").hidden = !instances.length;
  root.querySelector("[data-list-empty]").hidden = instances.length > 0;
  showNext(cursor);
};

const say = (state, text) => {
  root.dataset.state = state;
  write(root.querySelector("[data-list-state]"), text);
};

const FAULTS = {
  0: "The service does not answer. Trying again.",
  400: "This page of the list is not there; begin with the first.",
  401: "You have been logged out. Reload to log in.",
  403: "You have been logged out. Reload to log in.",
};

const read = async () => {
  const { rowsUrl, cursorAt } = root.dataset;
  const query = cursorAt ? `?${new URLSearchParams({ cursor: cursorAt })}` : "";
  try {
    show(await readJson(rowsUrl + query));
    say("live", "");
  } catch (fault) {
    if (!(fault instanceof Problem)) throw fault;
    say("error", FAULTS[fault.status] ?? `Server error. Report ${fault.message} if it stays.`);
  }
};

const keepReading = async () => {
  clearTimeout(timer);
  if (document.hidden) return;
  await read();
  clearTimeout(timer);
  timer = setTimeout(keepReading, PAUSE_MS);
};

document.addEventListener("visibilitychange", keepReading);
keepReading();

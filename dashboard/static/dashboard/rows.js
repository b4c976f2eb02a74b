// The rows of the list of instances. They are created once and keep their places; cells change.

import { writeMoment, writeWhole } from "./numerals.js";
import { createSparkline } from "./sparkline.js";

const STATES = {
  moving: "Moving",
  resting: "Resting",
  gone: "Gone",
  off: "Logged off",
  erased: "Erased",
};
const HERE = ["moving", "resting"];
const SHORT_ID = 8;

const write = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

const createName = (id) => {
  const name = document.createElement("th");
  const link = document.createElement("a");
  const copy = document.createElement("button");
  const short = id.slice(0, SHORT_ID);
  name.scope = "row";
  Object.assign(link, { href: `${location.pathname}${id}/`, textContent: short, title: id });
  Object.assign(copy, { type: "button", className: "copy", title: "Copy the whole id" });
  copy.setAttribute("aria-label", `Copy the whole id of ${short}`);
  copy.dataset.copy = id;
  name.append(link, copy);
  return name;
};

const createCell = (row, name) => {
  const cell = document.createElement("td");
  cell.dataset.name = name;
  row.append(cell);
  return cell;
};

// The last full second. An absent instance has no velocity.
const velocityNow = ({ state, velocities }, seconds) => {
  const known = velocities.find(([second]) => second === seconds - 1)?.[1];
  return known ?? (HERE.includes(state) ? 0 : null);
};

const showLine = (sparkline, { state, velocities }, seconds) => {
  const isKnown = velocities.length || HERE.includes(state);
  if (isKnown) sparkline.draw(velocities, seconds);
  else sparkline.clear();
};

const createRow = (id) => {
  const row = document.createElement("tr");
  row.dataset.instance = id;
  row.append(createName(id));
  const [state, spark, now, seen] = ["state", "spark", "now", "seen"].map((name) =>
    createCell(row, name),
  );
  const sparkline = createSparkline();
  spark.append(sparkline.svg);

  const showState = (name) => {
    row.dataset.state = name;
    write(state, STATES[name]);
  };

  return {
    row,
    fill: (instance, seconds) => {
      showState(instance.state);
      write(now, writeWhole(velocityNow(instance, seconds)));
      const moment = writeMoment(Date.parse(instance.seen_at));
      write(seen, instance.has_moved ? moment : `${moment}, has not moved`);
      showLine(sparkline, instance, seconds);
    },
    markErased: () => showState("erased"),
  };
};

export const createRows = (body) => {
  let rows = new Map();

  return {
    ids: () => [...rows.keys()],

    // Shows these instances as the rows, in their order.
    show: ({ instances, seconds }) => {
      const next = new Map();
      for (const instance of instances) {
        const id = instance.instance_id;
        const shown = rows.get(id) ?? createRow(id);
        shown.fill(instance, seconds);
        next.set(id, shown);
      }
      rows = next;
      body.replaceChildren(...[...rows.values()].map(({ row }) => row));
    },

    refresh: ({ instances, seconds }) => {
      const found = new Map(instances.map((instance) => [instance.instance_id, instance]));
      for (const [id, shown] of rows) {
        if (found.has(id)) shown.fill(found.get(id), seconds);
        else shown.markErased();
      }
    },

    focusFirst: () => body.querySelector("a")?.focus(),
  };
};

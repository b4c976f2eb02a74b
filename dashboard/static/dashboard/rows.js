// The rows of the list of instances. They are created once and keep their places; cells change.

import { NOTHING, partsOfDistance, partsOfSpan, writeMoment, writeWhole } from "./numerals.js";
import { createSparkline } from "./sparkline.js";

const STATES = {
  moving: "Moving",
  resting: "Resting",
  gone: "Gone",
  off: "Logged off",
  erased: "Erased",
};
const HERE = ["moving", "resting"];
const CELLS = ["place", "pointer", "state", "spark", "now", "distance", "lasted", "seen"];
const POINTERS = { mouse: "Mouse", pen: "Pen", touch: "Touch" };

const write = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

// Text of a label or a page may be in any script, and longer than its place.
const writeNamed = (place, text) => {
  write(place, text);
  if (place.title !== text) place.title = text;
};

const createName = (id, root) => {
  const name = document.createElement("th");
  const parts = document.createElement("div");
  const link = document.createElement("a");
  const short = document.createElement("span");
  const copy = document.createElement("button");
  name.scope = "row";
  link.href = `${root}${id}/`;
  link.dir = "auto";
  short.className = "list-id";
  Object.assign(copy, { type: "button", className: "copy", title: "Copy the whole id" });
  copy.dataset.copy = id;
  parts.className = "list-parts";
  parts.append(link, short, copy);
  name.append(parts);
  const fill = ({ label, short_id: shortId }) => {
    writeNamed(link, label || shortId);
    link.classList.toggle("list-unlabelled", !label);
    write(short, label ? shortId : "");
    copy.setAttribute("aria-label", `Copy the whole id of ${label || shortId}`);
  };
  return { name, fill };
};

const join = (parts) => parts.map(([value, unit]) => `${value} ${unit}`).join(" ");

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

const createRow = (id, root) => {
  const row = document.createElement("tr");
  row.dataset.instance = id;
  const { name, fill: fillName } = createName(id, root);
  row.append(name);
  const [place, pointer, state, spark, now, distance, lasted, seen] = CELLS.map((cell) =>
    createCell(row, cell),
  );
  place.dir = "auto";
  const sparkline = createSparkline();
  spark.append(sparkline.svg);

  const showState = (name) => {
    row.dataset.state = name;
    write(state, STATES[name]);
  };

  return {
    row,
    fill: (instance, seconds) => {
      fillName(instance);
      writeNamed(place, instance.place || NOTHING);
      write(pointer, POINTERS[instance.pointer] ?? NOTHING);
      showState(instance.state);
      write(distance, instance.has_moved ? join(partsOfDistance(instance.distance)) : NOTHING);
      write(lasted, join(partsOfSpan(instance.lasted)));
      write(now, writeWhole(velocityNow(instance, seconds)));
      const moment = writeMoment(Date.parse(instance.seen_at));
      write(seen, instance.has_moved ? moment : `${moment}, has not moved`);
      showLine(sparkline, instance, seconds);
    },
    markErased: () => showState("erased"),
  };
};

// `root` is the address of the list, below which each instance has its page.
export const createRows = (body, root = location.pathname) => {
  let rows = new Map();

  return {
    ids: () => [...rows.keys()],

    // Shows these instances as the rows, in their order.
    show: ({ instances, seconds }) => {
      const next = new Map();
      for (const instance of instances) {
        const id = instance.instance_id;
        const shown = rows.get(id) ?? createRow(id, root);
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

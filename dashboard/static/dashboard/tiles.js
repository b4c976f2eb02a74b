// The tiles: the current velocity and the totals.

import { NOTHING, partsOfDistance, partsOfSpan, writeClock, writeWhole } from "./numerals.js";

const write = (element, value, text) => {
  if (!element) return;
  const exact = value === null ? "" : String(value);
  if (element.value === exact && element.textContent === text) return;
  element.value = exact;
  element.textContent = text;
};

const createUnit = (unit) => {
  const element = document.createElement("span");
  element.className = "unit";
  element.textContent = unit;
  return element;
};

// Numbers with their units, as in "1 min 35 s".
const writeParts = (element, value, parts) => {
  if (!element || element.value === String(value)) return;
  element.value = String(value);
  const nodes = parts.flatMap(([number, unit]) => [`${number} `, createUnit(unit), " "]);
  element.replaceChildren(...nodes.slice(0, -1));
};

export const createTiles = (root) => {
  const tile = (name) => root.querySelector(`[data-tile="${name}"]`);
  const put = (name, value) => write(tile(name), value, writeWhole(value));

  return {
    showVelocity: (velocity) => put("velocity", velocity),

    showPeak: (rows) => {
      const known = rows.filter(({ peak }) => peak !== null);
      put("peak", known.length ? Math.max(...known.map(({ peak }) => peak)) : null);
    },

    // `seconds` is the length of the range of the totals, if it is known.
    showTotal: ({ distance, moving, events }, seconds = 0) => {
      put("distance", distance);
      writeParts(tile("length"), distance, partsOfDistance(distance));
      writeParts(tile("moving"), moving, partsOfSpan(moving));
      put("active", moving > 0 ? distance / moving : null);
      put("share", seconds > 0 ? Math.min(100, (100 * moving) / seconds) : null);
      put("events", events);
    },

    showSince: (time) => {
      const place = tile("since");
      if (place) place.textContent = time ? writeClock(time) : NOTHING;
    },
  };
};

// The tiles: what is happening now and what the visit has added up to.

import { NOTHING, writeClock, writeTenth, writeWhole } from "./numerals.js";

const CM_PER_PX = 2.54 / 96;

const write = (element, value, text) => {
  if (!element) return;
  const exact = value === null ? "" : String(value);
  if (element.value === exact && element.textContent === text) return;
  element.value = exact;
  element.textContent = text;
};

export const createTiles = (root) => {
  const tile = (name) => root.querySelector(`[data-tile="${name}"]`);
  const put = (name, value, writeValue = writeWhole) => write(tile(name), value, writeValue(value));

  return {
    showVelocity: (velocity) => put("velocity", velocity),

    showPeak: (rows) => {
      const known = rows.filter(({ peak }) => peak !== null);
      put("peak", known.length ? Math.max(...known.map(({ peak }) => peak)) : null);
    },

    showTotal: ({ distance, moving, events }) => {
      put("distance", distance);
      put("centimetres", distance * CM_PER_PX, writeTenth);
      put("moving", moving, writeTenth);
      put("active", moving > 0 ? distance / moving : null);
      put("events", events);
    },

    showSince: (time) => {
      const place = tile("since");
      if (place) place.textContent = time ? writeClock(time) : NOTHING;
    },
  };
};

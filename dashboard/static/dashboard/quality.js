// The data-quality line: how far to trust what the charts show.

import { writeTenth, writeWhole } from "./numerals.js";

const MEASURES = {
  hertz: writeWhole,
  stored: writeWhole,
  queued: writeWhole,
  duplicates: writeWhole,
  dropped: writeWhole,
  lag: writeWhole,
  roundTrip: (value) => (value < 10 ? writeTenth(value) : writeWhole(value)),
};

export const createQuality = (root) => {
  const put = (name, value) => {
    const place = root.querySelector(`[data-quality="${name}"]`);
    if (!place || value === null || value === undefined) return;
    place.value = String(value);
    place.textContent = (MEASURES[name] ?? MEASURES.roundTrip)(value);
  };

  return (tracker, readTime) => {
    for (const name of Object.keys(MEASURES)) put(name, tracker?.[name]);
    put("read", readTime);
  };
};

// The data-quality line: how far to trust what the charts show.

import { writeTenth, writeWhole } from "./numerals.js";

const MEASURES = {
  hertz: writeWhole,
  accepted: writeWhole,
  queued: writeWhole,
  duplicates: writeWhole,
  dropped: writeWhole,
  lag: writeWhole,
  roundTrip: (value) => (value < 10 ? writeTenth(value) : writeWhole(value)),
};

// How often samples come while the pointer moves; a pause is no slow sample.
export const createRate = () => {
  let [last, gap] = [0, 0];
  return {
    add: ({ time }) => {
      if (time - last < 250) gap += (time - last - gap) / 20;
      last = time;
    },
    read: () => gap && 1000 / gap,
  };
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

// The data-quality line: how far the charts can be trusted.

import { writeTenth, writeWhole } from "./numerals.js";

// A batch and its answer take less when all is well.
const LATE_MS = 2000;

const MEASURES = {
  hertz: writeWhole,
  accepted: writeWhole,
  late: writeWhole,
  queued: writeWhole,
  duplicates: writeWhole,
  dropped: writeWhole,
  lag: writeWhole,
  roundTrip: (value) => (value < 10 ? writeTenth(value) : writeWhole(value)),
};

// The sample rate while the pointer moves; gaps of a pause do not count.
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

// Counts samples that were acknowledged late. They are queued in the order of sending, and the
// tracker drops the oldest first.
export const createLateness = () => {
  const waiting = [];
  let [late, gone] = [0, 0];
  return {
    add: () => waiting.push(performance.now()),
    read: ({ queued, dropped }) => {
      const limit = performance.now() - LATE_MS;
      waiting.splice(0, dropped - gone);
      gone = dropped;
      const done = waiting.splice(0, Math.max(0, waiting.length - queued));
      late += done.filter((at) => at < limit).length;
      return late;
    },
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

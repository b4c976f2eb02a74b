// The lag from movement to chart: the time from a sample to the first drawing that contains it.
//
// A bucket of n events contains its first n samples. Events of a second tab of the same instance
// count too; the lag is then underestimated.

import { SECOND_MS } from "./buckets.js";

const SPAN_MS = 60_000;
const SHARE = 0.95;

export const createLag = (clock) => {
  let waiting = [];
  let shown = new Map();
  let lags = [];

  const forget = (now) => {
    waiting = waiting.filter(({ time }) => now - time < SPAN_MS);
    lags = lags.filter(({ at }) => now - at < SPAN_MS);
    shown = new Map([...shown].filter(([second]) => now - second < 2 * SPAN_MS));
  };

  const take = (second, count, now) => {
    let missing = count - (shown.get(second) ?? 0);
    if (missing <= 0) return;
    waiting = waiting.filter(({ time }) => {
      if (missing <= 0 || Math.floor(time / SECOND_MS) * SECOND_MS !== second) return true;
      missing -= 1;
      lags.push({ at: now, lag: now - time });
      return false;
    });
    shown.set(second, count);
  };

  return {
    add: ({ time }) => waiting.push({ time: clock.at(time) }),

    // Takes the rows that were just drawn.
    drawn: (rows) => {
      const now = clock.now();
      for (const { time, events } of rows) if (events) take(time, events, now);
      forget(now);
    },

    read: () => {
      const sorted = lags.map(({ lag }) => lag).sort((a, b) => a - b);
      return sorted.length ? sorted[Math.ceil(sorted.length * SHARE) - 1] : null;
    },
  };
};

// Reads the series once a second, shortly after each full second, unless the tab is hidden or a
// stream pushes the changes.

import { lastBucketTime, SECOND_MS, toBucket, windowStart } from "./buckets.js";

// By then the previous second's samples have been sent, stored and rolled up.
const PHASE_MS = 400;
const LONGEST_WAIT_MS = 4000;
// The API returns at most 5,000 buckets; hours in a hidden tab make more.
const LONGEST_RANGE_MS = 4500 * SECOND_MS;

const readRange = async ({ api, source, since, until }) => {
  const buckets = [];
  for (let from = since; from < until; from += LONGEST_RANGE_MS) {
    const to = Math.min(until, from + LONGEST_RANGE_MS);
    const answer = await api.fetchStatuses({ ...source, since: from, until: to });
    buckets.push(...answer.statuses.map(toBucket));
  }
  return buckets;
};

const untilNextSecond = (now) => SECOND_MS - ((now - PHASE_MS) % SECOND_MS);

export const startPolling = ({ api, source, clock, readFrom, onAnswer, onFailure }) => {
  let timer = 0;
  let failures = 0;
  let busy = false;
  let paused = false;

  const schedule = () => {
    clearTimeout(timer);
    if (document.hidden || paused) return;
    const pause = failures ? Math.min(LONGEST_WAIT_MS, SECOND_MS * 2 ** (failures - 1)) : 0;
    timer = setTimeout(poll, pause || untilNextSecond(clock.now()));
  };

  const read = async () => {
    const now = clock.now();
    const since = Math.min(windowStart(now), readFrom());
    const until = lastBucketTime(now) + SECOND_MS;
    const buckets = await readRange({ api, source, since, until });
    onAnswer({ buckets, now, took: clock.now() - now });
  };

  const poll = async () => {
    if (busy) return;
    busy = true;
    try {
      await read();
      failures = 0;
    } catch (problem) {
      failures += 1;
      onFailure(problem, clock.now());
    }
    busy = false;
    schedule();
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? schedule() : poll()));
  poll();

  return (isPaused) => {
    if (paused === isPaused) return;
    paused = isPaused;
    if (paused) schedule();
    else poll();
  };
};

// A range of stored buckets as one row per bucket, with gaps where nothing is known.

import { toBucket, UNKNOWN, ZERO } from "./buckets.js";

// A browser sends nothing while the pointer rests: up to this long beside a movement is a rest.
const REST_MS = 30_000;

const nearOnes = (known, count, reach) => {
  const near = new Set();
  for (const place of known.keys()) {
    const last = Math.min(count - 1, place + reach);
    for (let i = Math.max(0, place - reach); i <= last; i++) near.add(i);
  }
  return near;
};

export const fillSpan = ({ since, until, interval_ms: interval, statuses }) => {
  const buckets = statuses.map(toBucket);
  // All buckets start at whole intervals, so any of them gives the alignment.
  const anchor = buckets[0]?.time ?? Math.ceil(Date.parse(since) / interval) * interval;
  const first = anchor - Math.floor((anchor - Date.parse(since)) / interval) * interval;
  const count = Math.max(1, Math.ceil((Date.parse(until) - first) / interval));
  const known = new Map(buckets.map((bucket) => [(bucket.time - first) / interval, bucket]));
  const near = nearOnes(known, count, Math.max(1, Math.floor(REST_MS / interval)));
  return Array.from({ length: count }, (_, i) => {
    const empty = { time: first + i * interval, ...(near.has(i) ? ZERO : UNKNOWN) };
    return known.get(i) ?? empty;
  });
};

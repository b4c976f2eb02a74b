// The last two minutes as one row per second, including the current second.

export const SECOND_MS = 1000;
export const BUCKETS = 120;

export const ZERO = { events: 0, distance: 0, average: 0, peak: 0, moving: 0, netX: 0, netY: 0 };
export const UNKNOWN = Object.fromEntries(Object.keys(ZERO).map((name) => [name, null]));

export const toBucket = (status) => ({
  time: Date.parse(status.time),
  events: status.events,
  distance: status.traversed_distance,
  average: status.avg_velocity,
  peak: status.peak_velocity,
  moving: status.moving_time,
  netX: status.end_x - status.start_x,
  netY: status.end_y - status.start_y,
});

export const lastBucketTime = (now) => Math.floor(now / SECOND_MS) * SECOND_MS;

export const windowStart = (now) => lastBucketTime(now) - (BUCKETS - 1) * SECOND_MS;

// A second without events is zero from log-on to the last answer, and unknown outside that time.
export const fillWindow = (buckets, now, { loggedOnAt, answeredAt }) => {
  const known = new Map(buckets.map((bucket) => [bucket.time, bucket]));
  const first = windowStart(now);
  return Array.from({ length: BUCKETS }, (_, i) => {
    const time = first + i * SECOND_MS;
    const isKnown = time + SECOND_MS > loggedOnAt && time <= answeredAt;
    return known.get(time) ?? { time, ...(isKnown ? ZERO : UNKNOWN) };
  });
};

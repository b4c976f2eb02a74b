// The totals of this visit: one sum of settled seconds, plus newer seconds from each answer.
//
// They are kept for the tab, so that a reload continues them.

const KEY = "pointerscope.visit";
// Seconds settle some answers later: queued samples are stored first and rolled up afterwards.
const SETTLING_ANSWERS = 5;
const ADDED = ["events", "distance", "moving"];

const recall = (instanceId) => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    return kept?.instanceId === instanceId ? kept : null;
  } catch {
    return null;
  }
};

const keep = (visit) => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(visit));
  } catch {} // Storage can be forbidden; a reload then starts again.
};

const addTo = (sum, buckets) => {
  for (const bucket of buckets) for (const name of ADDED) sum[name] += bucket[name];
  return sum;
};

// A new visit counts from the given second, which includes movement before log-on.
export const startVisit = (instanceId, since, until) => {
  const settled = { events: 0, distance: 0, moving: 0 };
  const visit = recall(instanceId) ?? { instanceId, since, until, settled };
  const limits = [];

  const settle = (buckets, limit) => {
    limits.push(limit);
    const until = limits.length > SETTLING_ANSWERS ? limits.shift() : visit.until;
    if (until <= visit.until) return;
    const due = buckets.filter(({ time }) => time >= visit.until && time < until);
    addTo(visit.settled, due);
    visit.until = until;
  };

  return {
    since: visit.since,
    readFrom: () => visit.until,

    // Takes the buckets from readFrom() on; those before the limit are final.
    total: (buckets, limit) => {
      const total = addTo(
        { ...visit.settled },
        buckets.filter(({ time }) => time >= visit.until),
      );
      settle(buckets, limit);
      keep(visit);
      return total;
    },
  };
};

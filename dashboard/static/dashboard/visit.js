// What this visit has added up to: settled seconds as one sum, the newer ones from each answer.
//
// Kept for the tab, so that a reload goes on where it was.

const KEY = "pointerscope.visit";
// Seconds settle some answers late: samples that waited here are stored before they are rolled up.
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
  } catch {} // Storage can be forbidden; a reload then counts anew.
};

const addTo = (sum, buckets) => {
  for (const bucket of buckets) for (const name of ADDED) sum[name] += bucket[name];
  return sum;
};

// A new visit counts from the given second on: what moved before log-on belongs to it too.
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

    // Takes the buckets from readFrom() on; those before the limit will not change any more.
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

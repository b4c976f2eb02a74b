// Local times in the format of forms (`2026-10-25T02:30:00`), and their moments in ms.

const DAY_MS = 86_400_000;
const LENGTH = 19;

export const toLocal = (time) => {
  const shifted = time - new Date(time).getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, LENGTH);
};

// Returns no moment if the clocks skip the local time, and two, earliest first, if they repeat it.
export const momentsOf = (text) => {
  const asUtc = Date.parse(`${text}Z`);
  // The clocks change at most once in two days.
  const offsets = [-DAY_MS, DAY_MS].map((away) => new Date(asUtc + away).getTimezoneOffset());
  const moments = offsets.map((minutes) => asUtc + minutes * 60_000);
  const wanted = new Date(asUtc).toISOString().slice(0, LENGTH);
  return [...new Set(moments)].filter((time) => toLocal(time) === wanted).sort((a, b) => a - b);
};

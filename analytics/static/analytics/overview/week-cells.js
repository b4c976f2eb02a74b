// The time moving in each hour of the week in the viewer's zone, from hours of all instances.

export const DAYS = 7;
export const HOURS = 24;

const HOUR_MS = 3_600_000;

// Weeks begin on Mondays. An hour belongs to the local hour in which it begins.
const placeOf = (time) => {
  const local = new Date(time);
  return { day: (local.getDay() + 6) % 7, hour: local.getHours() };
};

// Returns a cell for each hour of the week: how many such hours there were from the first hour with
// a status until `until`, and their mean time moving in s, or null if there was none.
export const toWeek = (statuses, until) => {
  const moving = new Map(statuses.map((one) => [Date.parse(one.time), one.moving_time]));
  const first = statuses.length ? Math.min(...moving.keys()) : until;
  const cells = Array.from({ length: DAYS * HOURS }, (_, i) => ({
    day: Math.floor(i / HOURS),
    hour: i % HOURS,
    hours: 0,
    total: 0,
  }));
  for (let time = first; time + HOUR_MS <= until; time += HOUR_MS) {
    const { day, hour } = placeOf(time);
    const cell = cells[day * HOURS + hour];
    cell.hours += 1;
    cell.total += moving.get(time) ?? 0;
  }
  return cells.map(({ day, hour, hours, total }) => ({
    day,
    hour,
    hours,
    mean: hours ? total / hours : null,
  }));
};

// Whether the stored hours begin within the hours of the viewer's zone.
export const isBetweenHours = (time) => new Date(time).getMinutes() !== 0;

// The ticks of a time axis: round times in the viewer's zone, as many as fit.

import { writeClock, writeDay, writeMinute, writeMonth } from "./numerals.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const startOfDay = (date) => date.setHours(0, 0, 0, 0);

const floorDays = (date, n) => {
  startOfDay(date);
  // Weeks begin on Mondays; other numbers of days count from 1 January 1970.
  const monday = (date.getDay() + 6) % 7;
  const place = Math.round((date - date.getTimezoneOffset() * MINUTE) / DAY);
  date.setDate(date.getDate() - (n % 7 ? place % n : monday));
};

const floorMonths = (date, n) => {
  startOfDay(date);
  date.setMonth(date.getMonth() - (date.getMonth() % n), 1);
};

const UNITS = {
  second: {
    size: SECOND,
    floor: (date, n) => date.setSeconds(date.getSeconds() - (date.getSeconds() % n), 0),
    add: (date, n) => date.setTime(date.getTime() + n * SECOND),
  },
  minute: {
    size: MINUTE,
    floor: (date, n) => date.setMinutes(date.getMinutes() - (date.getMinutes() % n), 0, 0),
    add: (date, n) => date.setTime(date.getTime() + n * MINUTE),
  },
  hour: {
    size: HOUR,
    floor: (date, n) => date.setHours(date.getHours() - (date.getHours() % n), 0, 0, 0),
    add: (date, n) => date.setHours(date.getHours() + n),
  },
  day: { size: DAY, floor: floorDays, add: (date, n) => date.setDate(date.getDate() + n) },
  month: {
    size: 30 * DAY,
    floor: floorMonths,
    add: (date, n) => date.setMonth(date.getMonth() + n),
  },
};

const STEPS = Object.entries({
  second: [1, 2, 5, 10, 15, 30],
  minute: [1, 2, 5, 10, 15, 30],
  hour: [1, 2, 3, 6, 12],
  day: [1, 2, 7, 14],
  month: [1, 2, 3, 6, 12],
}).flatMap(([unit, counts]) => counts.map((n) => ({ n, unit, ...UNITS[unit] })));

const chooseStep = (span, most) =>
  STEPS.find(({ n, size }) => span / (n * size) <= most) ?? STEPS.at(-1);

const isMidnight = (date) => date.getHours() === 0 && date.getMinutes() === 0;

const label = (date, unit) => {
  if (unit === "month") return writeMonth(date);
  if (unit === "day" || (isMidnight(date) && date.getSeconds() === 0)) return writeDay(date);
  return unit === "second" ? writeClock(date) : writeMinute(date);
};

// At most `most` ticks in [since, until]: a date where a day begins, else a time.
export const roundTicks = (since, until, most) => {
  const { unit, n, size, floor, add } = chooseStep(until - since, most);
  const date = new Date(since);
  floor(date, n);
  const ticks = [];
  while (date <= until) {
    if (date >= since) ticks.push({ time: date.getTime(), text: label(date, unit) });
    add(date, n);
    // A change of the clocks can skip an hour or a midnight.
    if (size >= HOUR) floor(date, n);
  }
  return ticks;
};

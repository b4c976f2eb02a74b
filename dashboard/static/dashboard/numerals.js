// The format of all numbers and times: 75,000 px, 59.5 m, 20 min, 15:20.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const NOTHING = "–";

const signed = (text, value) => (value < 0 ? text.replace("-", "\u2212") : text);

export const writeWhole = (value) =>
  value === null ? NOTHING : signed(whole.format(Math.round(value) + 0), value);

export const writeTenth = (value) => (value === null ? NOTHING : tenth.format(value));

const CM_PER_PX = 2.54 / 96;
const LENGTHS = [
  [100_000, "km"],
  [100, "m"],
  [1, "cm"],
];

const roundTenth = (value) => Math.round(value * 10) / 10;

// A distance on a 96 dpi screen, as a number and its unit.
export const partsOfDistance = (px) => {
  const cm = roundTenth(px * CM_PER_PX);
  const [size, unit] = LENGTHS.find(([size]) => cm >= size) ?? LENGTHS.at(-1);
  return [[writeTenth(cm / size), unit]];
};

const SPANS = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

// A duration as numbers with units, the two largest units only: 45.5 s, 20 min, 2 h 5 min.
export const partsOfSpan = (seconds) => {
  if (roundTenth(seconds) < 60) return [[writeTenth(seconds), "s"]];
  const parts = [];
  // Omit seconds beside hours, and minutes beside days.
  const finest = seconds < 3599.5 ? 1 : seconds < 86_370 ? 60 : 3600;
  let left = Math.round(seconds / finest) * finest;
  for (const [size, unit] of SPANS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push([writeWhole(count), unit]);
  }
  return parts;
};

const formatter = (options) => {
  const format = new Intl.DateTimeFormat("en-GB", options);
  return (time) => format.format(time);
};

const DAY_MS = 86_400_000;
const year = { year: "numeric" };
const dayMonth = { day: "numeric", month: "short" };
const hourMinute = { hour: "2-digit", minute: "2-digit" };
const second = { second: "2-digit" };

export const writeClock = formatter({ ...hourMinute, ...second });
export const writeMinute = formatter(hourMinute);
export const writeDay = formatter(dayMonth);
export const writeMonth = formatter({ month: "short", ...year });
const writeDate = formatter({ ...dayMonth, ...year });

const isSameDay = (a, b) => new Date(a).toDateString() === new Date(b).toDateString();
const isSameYear = (a, b) => new Date(a).getFullYear() === new Date(b).getFullYear();

const writeDayOf = (time) => (isSameYear(time, Date.now()) ? writeDay(time) : writeDate(time));

// Writes as much of a time as the range needs: with the day unless all of it is today.
export const timeWriter = ({ since, until, interval }) => {
  const write = interval < 60_000 ? writeClock : writeMinute;
  if (isSameDay(since, until - 1) && isSameDay(since, Date.now())) return write;
  if (interval >= DAY_MS) return writeDayOf;
  return (time) => `${writeDayOf(time)}, ${write(time)}`;
};

const zoned = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });

// The zone of all times at a moment: "CET", or "CEST" in summer.
export const writeZone = (time = Date.now()) =>
  zoned.formatToParts(time).find(({ type }) => type === "timeZoneName").value;

// A range with its days, in one zone, or in two if summer time begins or ends in it.
export const writeRange = (since, until) => {
  const [from, to] = [since, until].map((time) => `${writeDayOf(time)}, ${writeClock(time)}`);
  const [before, after] = [since, until].map(writeZone);
  const end = isSameDay(since, until) ? writeClock(until) : to;
  return `${from}${before === after ? "" : ` ${before}`} to ${end} ${after}`;
};

const UNITS = [
  [DAY_MS, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

export const writeLength = (milliseconds) => {
  const [size, unit] = UNITS.find(([size]) => milliseconds % size === 0);
  return `${milliseconds / size} ${unit}`;
};

// The format of the API and of addresses: 30s, 5m, 1h, 7d.
export const writeDuration = (milliseconds) => writeLength(milliseconds).replace(/ (.).*/, "$1");

// With the day unless it is today.
export const writeMoment = (time) =>
  isSameDay(time, Date.now()) ? writeClock(time) : `${writeDayOf(time)}, ${writeMinute(time)}`;

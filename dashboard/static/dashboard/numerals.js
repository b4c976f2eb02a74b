// How numbers and times are written. Widths stay steady: tabular numerals, fixed decimals.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export const NOTHING = "–";

const signed = (text, value) => (value < 0 ? text.replace("-", "\u2212") : text);

export const writeWhole = (value) =>
  value === null ? NOTHING : signed(whole.format(Math.round(value) + 0), value);

export const writeTenth = (value) => (value === null ? NOTHING : tenth.format(value));

export const writeAxis = (value) =>
  signed((Math.abs(value) < 100000 ? whole : compact).format(value), value);

export const writeClock = (milliseconds) => clock.format(milliseconds);

const DAY_MS = 86_400_000;
const short = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayAndTime = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short" });

// As much of a time as a bucket of a range needs.
export const timeWriter = ({ span, interval }) => {
  if (span > DAY_MS) return (time) => dayAndTime.format(time);
  return interval < 60_000 ? writeClock : (time) => short.format(time);
};

// As much of it as the axis has room for.
export const tickWriter = ({ span }) => {
  if (span > 4 * DAY_MS) return (time) => day.format(time);
  if (span > DAY_MS) return (time) => `${weekday.format(time)} ${short.format(time)}`;
  return span < 600_000 ? writeClock : (time) => short.format(time);
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

// As the API and the address have it: 30s, 5m, 1h, 7d.
export const writeDuration = (milliseconds) => writeLength(milliseconds).replace(/ (.).*/, "$1");

// The day only where it is another one.
export const writeMoment = (time) =>
  new Date(time).toDateString() === new Date().toDateString()
    ? writeClock(time)
    : dayAndTime.format(time);

const zoned = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });

// The zone that all times are written in, as of a moment: "CET", or "CEST" in summer.
export const writeZone = (time = Date.now()) =>
  zoned.formatToParts(time).find(({ type }) => type === "timeZoneName").value;

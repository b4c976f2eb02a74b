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

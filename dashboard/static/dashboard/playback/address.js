// The range, the position and how it plays, in the page's address: a link shows the same.

import { toMs, toText } from "./samples.js";

const MICROSECONDS = /\.\d{6}Z$/;

const parse = (text) => Date.parse(new Date(text).toISOString());

// Throws a RangeError if these are no times, or not in this order.
export const readRange = ({ since, until }) => {
  const range = { since: parse(since), until: parse(until) };
  if (range.since >= range.until) throw new RangeError("an empty range");
  return range;
};

export const readView = () => {
  const query = new URLSearchParams(location.search);
  const text = query.get("at") ?? "";
  const at = MICROSECONDS.test(text) ? toMs(text) : Date.parse(text);
  return {
    at: Number.isNaN(at) ? null : at,
    speed: Number(query.get("speed") ?? 1),
    skips: query.get("pauses") !== "keep",
  };
};

export const writeAddress = ({ since, until, at, speed, skips }) => {
  const [from, to] = [since, until].map((moment) => new Date(moment).toISOString());
  const query = new URLSearchParams({ since: from, until: to, at: toText(at) });
  if (speed !== 1) query.set("speed", speed);
  if (!skips) query.set("pauses", "keep");
  return `${location.origin}${location.pathname}?${query}`;
};

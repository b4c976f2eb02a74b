// The links from the charts to the path: for the shown range, and from the last read-out on.

import { writeClock } from "./numerals.js";

const root = document.querySelector("[data-live]");
const links = root.querySelectorAll("[data-play-path]");
const from = root.querySelector("[data-play-from]");
let rows = [];
let interval = 1000;
let at = null;

const point = () => {
  if (!rows.length) return;
  const since = Number(root.dataset.from) || rows[0].time;
  const until = Number(root.dataset.to) || rows.at(-1).time + interval;
  const query = new URLSearchParams({
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
  });
  for (const link of links) link.href = `${link.pathname}?${query}`;
  from.toggleAttribute("data-idle", at === null);
  if (at === null) return;
  query.set("at", new Date(Math.min(until, Math.max(since, at))).toISOString());
  from.href = `${from.pathname}?${query}`;
  from.querySelector("[data-play-time]").textContent = writeClock(at);
};

root.addEventListener("rows", ({ detail }) => {
  ({ rows, interval } = detail);
  point();
});
// It stays when the read-out ends, so that a mouse can reach it.
root.addEventListener("cursor", ({ detail }) => {
  if (detail.at === null || !rows[detail.at]) return;
  at = rows[detail.at].time;
  point();
});
root.addEventListener("keydown", ({ key, target }) => {
  if (key === "Enter" && at !== null && target.closest("[data-plot]")) from.click();
});
for (const plot of root.querySelectorAll("[data-plot]"))
  plot.addEventListener("dblclick", () => at !== null && from.click());

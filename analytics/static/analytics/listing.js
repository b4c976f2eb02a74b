// A list that is read when its address changes, and then left alone. The address has its filters,
// its order and its page.

import { Problem, readJson } from "../dashboard/api.js";
import { describeFault, mayPass } from "../dashboard/faults.js";
import { createFilters, parseTime, readFilters } from "../dashboard/filters.js";
import { writeRange, writeWhole, writeZone } from "../dashboard/numerals.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DEFAULT_DAYS = 30;
const DAYS = { "24h": 1, "7d": 7, "90d": 90 };
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

// The range of the filters in ms; NaN where the address has no valid time.
const spanOf = (filters) => {
  const [since, until] = ["since", "until"].map((name) => filters.get(name));
  const now = Date.now();
  const end = until ? parseTime(until) : now;
  const length = (filters.has("time") ? DAYS[filters.get("time")] : DEFAULT_DAYS) * DAY_MS;
  // Pages are rolled up by the hour, so the range begins at a full hour.
  const start = Math.floor(end / HOUR_MS) * HOUR_MS - length;
  return { since: since ? parseTime(since) : start, until: end };
};

// The service refuses what is not a time.
const write = (time) => (Number.isNaN(time) ? "none" : new Date(time).toISOString());

// `names` are those of the filters; `createRows(answer, query)` returns the rows of an answer. A list
// without the filter `time` has no range; `firstSort` is the order without one in the address.
export const showListing = ({ names, createRows, firstSort = "dwell" }) => {
  const root = document.querySelector("[data-listing]");
  const part = (name) => root.querySelector(`[data-${name}]`);
  const isTimed = names.includes("time");
  let timer = 0;

  const addressOf = (filters, more = {}) => {
    const query = new URLSearchParams({ ...Object.fromEntries(filters), ...more });
    return `${location.pathname}${query.size ? `?${query}` : ""}`;
  };

  const showLink = (link, address) => {
    link.hidden = address === null;
    if (address !== null) link.href = address;
  };

  const showPlace = ({ next_cursor: cursor }, { filters, before, count }) => {
    const after = before + count;
    const isWhole = !before && !cursor;
    part("place").textContent = isWhole ? "" : `${writeWhole(before + 1)} to ${writeWhole(after)}`;
    showLink(part("next"), cursor ? addressOf(filters, { cursor, before: after }) : null);
    showLink(part("first"), before ? addressOf(filters) : null);
  };

  const show = (answer, { filters, before, span }) => {
    const rows = createRows(answer, filters);
    const isFiltered = [...filters.keys()].some((name) => name !== "sort");
    part("rows").replaceChildren(...rows);
    if (isTimed) part("range").textContent = writeRange(span.since, span.until);
    part("list").hidden = !rows.length;
    part("list-unmatched").hidden = rows.length || !isFiltered;
    part("list-empty").hidden = rows.length || isFiltered;
    showPlace(answer, { filters, before, count: rows.length });
    const sorted = filters.get("sort") || firstSort;
    for (const head of root.querySelectorAll("[data-sorted-by]")) {
      const order = head.dataset.order ?? "descending";
      if (head.dataset.sortedBy === sorted) head.setAttribute("aria-sort", order);
      else head.removeAttribute("aria-sort");
    }
  };

  const say = (state, text) => {
    root.dataset.state = state;
    part("list-state").textContent = text;
  };

  const load = async (pause = FIRST_PAUSE_MS) => {
    clearTimeout(timer);
    const asked = location.search;
    const address = new URLSearchParams(asked);
    const filters = readFilters(names);
    const span = spanOf(filters);
    const query = new URLSearchParams(filters);
    query.delete("time");
    if (isTimed) {
      query.set("since", write(span.since));
      query.set("until", write(span.until));
    }
    if (address.has("cursor")) query.set("cursor", address.get("cursor"));
    try {
      const answer = await readJson(`${root.dataset.rowsUrl}?${query}`);
      // The user may have changed a filter meanwhile.
      if (location.search !== asked) return;
      const before = Math.max(0, Math.floor(Number(address.get("before")))) || 0;
      show(answer, { filters, before, span });
      say("live", "");
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      if (location.search !== asked) return;
      say("error", describeFault(fault));
      if (mayPass(fault)) timer = setTimeout(load, pause, Math.min(2 * pause, LONGEST_PAUSE_MS));
    }
  };

  const form = part("filters");
  const filters = createFilters(form, {
    names,
    onChange: () => {
      say("loading", "Reading the list.");
      load();
    },
  });
  part("clear-all").addEventListener("click", filters.clearAll);
  part("zone").textContent = writeZone();
  load();
};

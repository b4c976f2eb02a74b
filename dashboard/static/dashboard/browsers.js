// The list of instances: read once, then refreshed every second while the page is visible. Rows keep
// their places; new instances are shown on request. The address has the filters and the page.

import { Problem, readJson } from "./api.js";
import { listenToCopies } from "./copy.js";
import { describeFault } from "./faults.js";
import { createFilters, readFilters } from "./filters.js";
import { writeWhole, writeZone } from "./numerals.js";
import { createRows } from "./rows.js";

const PAUSE_MS = 1000;

const root = document.querySelector("[data-browsers]");
const part = (name) => root.querySelector(`[data-${name}]`);
const rows = createRows(part("rows"));
const newOnes = part("new");
const { rowsUrl, cellsUrl } = root.dataset;
let page = null;
let timer = 0;

const write = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

const count = (number) => `${writeWhole(number)} ${number === 1 ? "instance" : "instances"}`;

const cursorAt = () => new URLSearchParams(location.search).get("cursor");

const withFilters = (more) => {
  const query = readFilters();
  for (const [name, value] of Object.entries(more)) if (value) query.set(name, value);
  return query.size ? `?${query}` : "";
};

const countMatching = ({ matching, matching_more: more }) =>
  more ? `over ${writeWhole(matching)}` : writeWhole(matching);

const showTotals = ({ all, here, new: added }) => {
  const whole = all ? `${count(all)}, ${writeWhole(here)} here now` : "";
  const isFiltered = page.matching !== null;
  write(part("totals"), isFiltered ? `${countMatching(page)} of ${count(all)} match` : whole);
  write(newOnes, `${writeWhole(added)} new`);
  newOnes.dataset.count = added;
};

const showLink = (link, address) => {
  link.hidden = address === null;
  if (address !== null) link.href = address;
};

const showPlace = ({ before, instances, totals, matching, next_cursor: cursor }) => {
  const [from, to] = [before + 1, before + instances.length];
  const isWhole = !before && !cursor;
  const of = matching === null ? writeWhole(totals.all) : countMatching(page);
  write(part("place"), isWhole ? "" : `${writeWhole(from)} to ${writeWhole(to)} of ${of}`);
  showLink(part("next"), cursor ? location.pathname + withFilters({ cursor }) : null);
  showLink(part("first"), before ? location.pathname + withFilters({}) : null);
};

const load = async () => {
  const asked = location.search;
  const read = await readJson(rowsUrl + withFilters({ cursor: cursorAt() }));
  // The user may have changed a filter meanwhile.
  if (location.search !== asked) return;
  page = read;
  rows.show(page);
  showTotals(page.totals);
  showPlace(page);
  const isEmpty = !page.instances.length;
  const isFiltered = page.matching !== null;
  part("list").hidden = isEmpty;
  part("list-unmatched").hidden = !isEmpty || !isFiltered;
  part("list-empty").hidden = !isEmpty || isFiltered;
  part("filters").hidden = isEmpty && !isFiltered;
};

const refresh = async () => {
  const asked = page;
  const query = withFilters({ instances: rows.ids().join(), newest: page.newest });
  const answer = await readJson(cellsUrl + query);
  // The user may have loaded the new instances meanwhile, or changed a filter.
  if (page !== asked) return;
  rows.refresh(answer);
  showTotals(answer.totals);
};

const say = (state, text) => {
  root.dataset.state = state;
  write(part("list-state"), text);
};

// Returns whether `read` succeeded, and shows the error if not.
const attempt = async (read) => {
  try {
    await read();
    say("live", "");
    return true;
  } catch (fault) {
    if (!(fault instanceof Problem)) throw fault;
    say("error", describeFault(fault));
    return false;
  }
};

const keepReading = async () => {
  clearTimeout(timer);
  if (document.hidden) return;
  // An empty list has nothing to click, so it shows the first instance by itself.
  await attempt(page?.instances.length ? refresh : load);
  clearTimeout(timer);
  timer = setTimeout(keepReading, PAUSE_MS);
};

const showNew = async () => {
  if (cursorAt()) location.assign(location.pathname + withFilters({}));
  // The button disappears, so the focus moves to the new rows.
  else if (await attempt(load)) rows.focusFirst();
};

const filters = createFilters(part("filters"), {
  onChange: () => {
    page = null;
    keepReading();
  },
});
part("clear-all").addEventListener("click", filters.clearAll);
newOnes.addEventListener("click", showNew);
write(part("zone"), writeZone());
listenToCopies();
document.addEventListener("visibilitychange", keepReading);
keepReading();

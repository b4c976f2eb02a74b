// The list of all instances: read once, then refreshed every second while the page is visible. Rows
// keep their places; new instances are shown on request.

import { Problem, readJson } from "./api.js";
import { listenToCopies } from "./copy.js";
import { writeWhole, writeZone } from "./numerals.js";
import { createRows } from "./rows.js";

const PAUSE_MS = 1000;

const root = document.querySelector("[data-browsers]");
const part = (name) => root.querySelector(`[data-${name}]`);
const rows = createRows(part("rows"));
const newOnes = part("new");
const { rowsUrl, cellsUrl, cursorAt } = root.dataset;
let page = null;
let timer = 0;

const write = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

const count = (number) => `${writeWhole(number)} ${number === 1 ? "instance" : "instances"}`;

const showTotals = ({ all, here, new: added }) => {
  write(part("totals"), all ? `${count(all)}, ${writeWhole(here)} here now` : "");
  write(newOnes, `${writeWhole(added)} new`);
  newOnes.dataset.count = added;
};

const showPlace = ({ before, instances, totals, next_cursor: cursor }) => {
  const [from, to] = [before + 1, before + instances.length];
  const isWhole = !before && !cursor;
  write(part("place"), isWhole ? "" : `${writeWhole(from)} to ${writeWhole(to)} of ${totals.all}`);
  part("next").hidden = !cursor;
  if (cursor) part("next").href = `?${new URLSearchParams({ cursor })}`;
};

const load = async () => {
  const query = cursorAt ? `?${new URLSearchParams({ cursor: cursorAt })}` : "";
  page = await readJson(rowsUrl + query);
  rows.show(page);
  showTotals(page.totals);
  showPlace(page);
  const isEmpty = !page.instances.length;
  part("list").hidden = isEmpty;
  part("list-empty").hidden = !isEmpty;
};

const refresh = async () => {
  const asked = page;
  const query = new URLSearchParams({ instances: rows.ids().join(), newest: page.newest });
  const answer = await readJson(`${cellsUrl}?${query}`);
  // The user may have loaded the new instances meanwhile.
  if (page !== asked) return;
  rows.refresh(answer);
  showTotals(answer.totals);
};

const say = (state, text) => {
  root.dataset.state = state;
  write(part("list-state"), text);
};

const FAULTS = {
  0: "The service does not answer. Trying again.",
  400: "This page of the list does not exist; start with the first.",
  401: "You have been logged out. Reload to log in.",
  403: "You have been logged out. Reload to log in.",
};

// Returns whether `read` succeeded, and shows the error if not.
const attempt = async (read) => {
  try {
    await read();
    say("live", "");
    return true;
  } catch (fault) {
    if (!(fault instanceof Problem)) throw fault;
    say("error", FAULTS[fault.status] ?? `Server error. Report ${fault.message} if it stays.`);
    return false;
  }
};

const keepReading = async () => {
  clearTimeout(timer);
  if (document.hidden) return;
  // An empty list has nothing to click, so it shows the first instance without a request.
  await attempt(page?.instances.length ? refresh : load);
  clearTimeout(timer);
  timer = setTimeout(keepReading, PAUSE_MS);
};

const showNew = async () => {
  if (cursorAt) location.assign(location.pathname);
  // The button disappears, so the focus moves to the new rows.
  else if (await attempt(load)) rows.focusFirst();
};

newOnes.addEventListener("click", showNew);
write(part("zone"), writeZone());
listenToCopies();
document.addEventListener("visibilitychange", keepReading);
keepReading();

// The pages with the most dwell in the range, and the newest instances.

import { readJson } from "../../dashboard/api.js";
import { writeMoment, writeZone } from "../../dashboard/numerals.js";
import { createCell, createElement, createInstanceName } from "../cells.js";
import { createPageRow, largestDwell } from "../page-row.js";
import { startPart } from "./part.js";

const SHOWN = 10;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const DAYS = { "24h": 1, "7d": 7, "30d": 30 };
// The range of a list of pages without one in its address.
const DEFAULT = "30d";
const STATES = { moving: "Moving", resting: "Resting", gone: "Gone", off: "Logged off" };
const SHORT_DIGITS = 8;

export const startPages = (root) => {
  const { apiUrl, pagesUrl, range } = root.dataset;
  const part = (name) => root.querySelector(`[data-${name}]`);

  const read = async () => {
    // Pages are rolled up by the hour, so the range begins at a full hour.
    const since = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - DAYS[range] * DAY_MS;
    const query = new URLSearchParams({ since: new Date(since).toISOString(), limit: SHOWN });
    const { pages } = await readJson(`${apiUrl}pages/?${query}`);
    const more = {
      largest: largestDwell(pages),
      url: pagesUrl,
      query: `?range=${range}`,
      instancesQuery: range === DEFAULT ? "" : `?time=${range}`,
    };
    part("page-rows").replaceChildren(...pages.map((page) => createPageRow(page, more)));
    part("pages-list").hidden = !pages.length;
    part("pages-none").hidden = pages.length > 0;
  };

  startPart(root, "pages", { read });
};

const createInstanceRow = (instance, instancesUrl) => {
  const row = createElement("tr");
  const { instance_id: id, label, site, state, logged_on_at: loggedOn } = instance;
  // The column has no room for both.
  const name = { id, label, short: label ? "" : id.slice(0, SHORT_DIGITS) };
  const more = [createElement("span", { text: site, kind: "unit" })];
  row.dataset.newest = id;
  row.append(
    createInstanceName(name, { href: `${instancesUrl}${id}/`, more }),
    createCell("state", STATES[state]),
    createCell("last_visit", writeMoment(Date.parse(loggedOn))),
  );
  return row;
};

export const startNewest = (root) => {
  const { apiUrl, instancesUrl } = root.dataset;
  const place = root.querySelector('[data-part="newest"]');

  const read = async () => {
    const { browsers } = await readJson(`${apiUrl}browsers/?limit=${SHOWN}`);
    const rows = browsers.map((instance) => createInstanceRow(instance, instancesUrl));
    place.querySelector("[data-newest-rows]").replaceChildren(...rows);
    place.querySelector("[data-newest-list]").hidden = !rows.length;
  };

  place.querySelector("[data-zone]").textContent = writeZone();
  startPart(root, "newest", { read });
};

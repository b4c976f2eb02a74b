// A row for a page: where it is, how long pointers were on it, and whose.

import { NOTHING, writeMoment, writeWhole } from "../dashboard/numerals.js";
import { createBar, createCell, createElement, createName, writeSpan } from "./cells.js";

// With fewer instances a page's numbers say more about one person than about the page.
const FEW = 5;

const createPageName = ({ id, site, name }, { url, query }) => {
  const link = createElement("a", { text: name, title: name, dir: "auto" });
  link.href = `${url}${id}/${query}`;
  return createName(createElement("span", { text: site ? `${site} ·` : "", kind: "unit" }), link);
};

const createInstances = ({ id, name, instances }, { url, instancesQuery }) => {
  const cell = createCell("instances", "");
  cell.dataset.unit = instances === 1 ? "instance" : "instances";
  if (instances < FEW) cell.append(createElement("span", { text: "fewer than five", kind: "few" }));
  if (!instances) return cell;
  const link = createElement("a", { text: writeWhole(instances) });
  link.href = `${url}${id}/instances/${instancesQuery}`;
  const words = `${writeWhole(instances)} ${cell.dataset.unit}`;
  link.setAttribute("aria-label", `${words} on ${name}`);
  cell.append(" ", link);
  return cell;
};

// `url` is the list's own; `query` and `instancesQuery` give the links the range of the list.
export const createPageRow = (page, { largest, ...links }) => {
  const row = createElement("tr");
  row.dataset.page = page.id;
  const dwell = createCell("dwell", writeSpan(page.dwell));
  dwell.append(createBar(largest > 0 ? page.dwell / largest : 0));
  const { samples, last_visit: last } = page;
  row.append(
    createPageName(page, links),
    dwell,
    createCell("samples", writeWhole(samples)),
    createInstances(page, links),
    createCell("last_visit", last ? writeMoment(Date.parse(last)) : NOTHING),
  );
  return row;
};

// The largest dwell of the rows, by which their bars are drawn.
export const largestDwell = (pages) => Math.max(0, ...pages.map(({ dwell }) => dwell));

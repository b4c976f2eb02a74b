// The list of a page's instances.

import { listenToCopies } from "../dashboard/copy.js";
import { writeMoment, writeWhole } from "../dashboard/numerals.js";
import { createBar, createCell, createElement, createInstanceName, writeSpan } from "./cells.js";
import { showListing } from "./listing.js";

const { instancesUrl } = document.querySelector("[data-listing]").dataset;

const createRow = (visitor, largest) => {
  const row = createElement("tr");
  const { instance_id: id, label, short_id: shortId, since, until } = visitor;
  row.dataset.instance = id;
  const href = `${instancesUrl}${id}/?${new URLSearchParams({ since, until })}`;
  const dwell = createCell("dwell", writeSpan(visitor.dwell));
  dwell.append(createBar(largest > 0 ? visitor.dwell / largest : 0));
  const between = [since, until].map((time) => writeMoment(Date.parse(time))).join(" and ");
  row.append(
    createInstanceName({ id, label, short: shortId }, { href }),
    dwell,
    createCell("samples", writeWhole(visitor.samples)),
    createCell("between", between),
  );
  return row;
};

showListing({
  names: ["q", "time", "since", "until", "sort"],
  createRows: ({ instances }) => {
    const largest = Math.max(0, ...instances.map(({ dwell }) => dwell));
    return instances.map((visitor) => createRow(visitor, largest));
  },
});
listenToCopies();

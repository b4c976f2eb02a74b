// The list of pages.

import { showListing } from "./listing.js";
import { createPageRow, largestDwell } from "./page-row.js";

const DEFAULT_TIME = "30d";

const toText = (query) => (`${query}` ? `?${query}` : "");

// Links that keep the range: to a page's map, where it is called `range`, and to its instances.
const toLinks = (filters) => {
  const times = [...filters].filter(([name]) => ["time", "since", "until"].includes(name));
  const ofMap = times.map(([name, value]) => [name === "time" ? "range" : name, value]);
  if (!times.length) ofMap.push(["range", DEFAULT_TIME]);
  return {
    url: location.pathname,
    query: toText(new URLSearchParams(ofMap)),
    instancesQuery: toText(new URLSearchParams(times)),
  };
};

showListing({
  names: ["q", "time", "since", "until", "site", "sort"],
  createRows: ({ pages }, filters) => {
    const more = { largest: largestDwell(pages), ...toLinks(filters) };
    return pages.map((page) => createPageRow(page, more));
  },
});

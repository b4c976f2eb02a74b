// Reads the map that a view asks for, and the one that it is compared with.

import { createApi, readJson } from "../../dashboard/api.js";
import { browserTime, measureOffset } from "../../dashboard/clock.js";
import { isCompared, viewOfB } from "./comparison.js";

export const mapUrl = ({ apiUrl, pageId }, query) => `${apiUrl}pages/${pageId}/map/?${query}`;

// `secondsOf` returns how long a view's range is. The returned function reads the map of a view, or
// two maps, A and B.
export const createReader = ({ apiUrl, pageId }, { secondsOf }) => {
  let offset = null;

  const timesOf = async (view) => {
    if (view.since) return { since: view.since, until: view.until };
    offset ??= await measureOffset(createApi(apiUrl)).catch(() => null);
    const now = browserTime() + (offset ?? 0);
    const start = now - secondsOf(view) * 1000;
    // The service refuses an unknown range.
    const since = Number.isNaN(start) ? view.range : new Date(start).toISOString();
    return { since, until: new Date(now).toISOString() };
  };

  const read = async (view, page) => {
    const { width, pointer, weight, label } = view;
    const asked = { ...(await timesOf(view)), width, pointer, weight, label };
    const known = Object.entries(asked).filter(([, value]) => value !== "");
    return readJson(mapUrl({ apiUrl, pageId: page }, new URLSearchParams(known)));
  };

  return async (view) => {
    const map = await read(view, pageId);
    if (!isCompared(view) || !map.samples) return [map];
    const page = view.compare === "page" ? view.b_page : pageId;
    return [map, await read(viewOfB(map, view), page)];
  };
};

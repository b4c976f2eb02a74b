// Who is here now: those that move first when it is read. Rows keep their places while their cells
// change once a second; new instances are shown on request.

import { readJson } from "../../dashboard/api.js";
import { writeWhole, writeZone } from "../../dashboard/numerals.js";
import { createRows } from "../../dashboard/rows.js";
import { startPart } from "./part.js";

const SHOWN = 8;
const LOOKED_AT = 100;
const PAUSE_MS = 1000;

const write = (place, text) => {
  if (place.textContent !== text) place.textContent = text;
};

const movingFirst = (instances) => {
  const isMoving = ({ state }) => state === "moving";
  return [...instances.filter(isMoving), ...instances.filter((one) => !isMoving(one))];
};

export const startHere = (root) => {
  const place = root.querySelector('[data-part="here"]');
  const part = (name) => place.querySelector(`[data-${name}]`);
  const { rowsUrl, cellsUrl, instancesUrl } = root.dataset;
  const rows = createRows(part("rows"), instancesUrl);
  let newest = null;

  const showTotals = ({ all, here, new: added }) => {
    // Without any instance the page says how to get one.
    root.querySelector("[data-list-empty]").hidden = all > 0;
    root.querySelector("[data-board]").hidden = !all;
    write(part("here-count"), all ? `${writeWhole(here)} of ${writeWhole(all)}` : "");
    write(part("new"), `${writeWhole(added)} new`);
    part("new").dataset.count = added;
  };

  const load = async () => {
    const answer = await readJson(`${rowsUrl}?state=here&limit=${LOOKED_AT}`);
    const instances = movingFirst(answer.instances).slice(0, SHOWN);
    rows.show({ ...answer, instances });
    newest = answer.newest;
    part("here-list").hidden = !instances.length;
    part("here-none").hidden = instances.length > 0;
    showTotals(answer.totals);
  };

  const refresh = async () => {
    const asked = newest;
    const query = new URLSearchParams({ state: "here", instances: rows.ids().join(), newest });
    const answer = await readJson(`${cellsUrl}?${query}`);
    // The user may have loaded the new instances meanwhile.
    if (newest !== asked) return;
    rows.refresh(answer);
    showTotals(answer.totals);
  };

  write(part("zone"), writeZone());
  // An empty list has nothing to click, so it shows the first instance by itself.
  const read = () => (rows.ids().length ? refresh() : load());
  const run = startPart(root, "here", { read, pauseMs: PAUSE_MS });
  part("new").addEventListener("click", async () => {
    try {
      await load();
      // The button disappears, so the focus moves to the rows.
      rows.focusFirst();
    } catch {
      // The next refresh says what failed.
      run();
    }
  });
};

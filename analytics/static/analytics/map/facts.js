// What a map is of, what it leaves out, and what its colours mean.

import { shareOutside, sumRows, toGrid } from "./grid.js";
import {
  nameOf,
  writeDepths,
  writeFew,
  writeLeftOut,
  writeShare,
  writeSummary,
  writeValue,
} from "./words.js";

const showSide = (side, map, { extent, isCompared }) => {
  side.hidden = !map;
  side.querySelector("[data-side-name]").hidden = !isCompared;
  if (!map) return;
  const sums = sumRows(toGrid(map.cells, extent), extent);
  const few = writeFew(map);
  const texts = {
    summary: writeSummary(map),
    few,
    "left-out": writeLeftOut(map, shareOutside(map, extent)),
    depths: writeDepths(sums),
  };
  for (const [name, text] of Object.entries(texts))
    side.querySelector(`[data-${name}]`).textContent = text;
  side.querySelector("[data-few]").hidden = !few;
};

// `shown` has one map, or A and B, and the shares of each cell in A and B.
export const showFacts = (root, { maps, extent, shares }) => {
  const part = (name) => root.querySelector(`[data-${name}]`);
  const isCompared = Boolean(shares);
  for (const [i, name] of ["a", "b"].entries())
    showSide(root.querySelector(`[data-side="${name}"]`), maps[i], { extent, isCompared });
  for (const only of root.querySelectorAll("[data-of-a], [data-of-compared]"))
    only.hidden = !isCompared;
  const name = `${nameOf(maps[0].weight)}${isCompared ? ", A \u2212 B" : ""}`;
  part("picture").setAttribute("aria-label", `Map of the page: ${name}`);
  part("profile").setAttribute("aria-label", `${name} by depth`);
};

// `most` is the highest value of the smoothed picture.
export const showLegend = (root, most, { maps, shares }) => {
  const say = (name, text) => {
    root.querySelector(`[data-${name}]`).textContent = text;
  };
  const share = `${writeShare(most)} a cell`;
  say("legend-low", shares ? `more in B, ${share}` : "0");
  say("legend-high", shares ? `${share}, more in A` : `${writeValue(most, maps[0].weight)} a cell`);
};

// The same facts as lines, for a saved picture.
export const listFacts = (root) => {
  const text = (place, name) => place.querySelector(`[data-${name}]`).textContent;
  const sides = [...root.querySelectorAll("[data-side]:not([hidden])")];
  const lines = sides.flatMap((side) => [
    sides.length > 1
      ? `${side.dataset.side.toUpperCase()}: ${text(side, "summary")}`
      : text(side, "summary"),
    text(side, "few"),
    text(side, "left-out"),
  ]);
  const name = root.querySelector("[data-picture]").getAttribute("aria-label");
  const colours = `${name}. Colours: ${text(root, "legend-low")} to ${text(root, "legend-high")}.`;
  return [colours, ...lines.filter((line) => line)];
};

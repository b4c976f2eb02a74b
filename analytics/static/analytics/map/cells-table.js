// The cells with the highest values, or with the largest differences, as a table.

import { writeWhole } from "../../dashboard/numerals.js";
import { CELL_PX } from "./grid.js";
import { createSortingHeads } from "./sorting.js";
import { nameOf, writeShare, writeValue } from "./words.js";

const MOST = 100;

const createCell = (tag, value, text = value) => {
  const cell = document.createElement(tag);
  cell.dataset.value = value;
  cell.textContent = text;
  return cell;
};

// `values` are numbers and how they are written.
const createRow = (column, row, values) => {
  const line = document.createElement("tr");
  const head = createCell("th", column * CELL_PX);
  head.scope = "row";
  const cells = values.map(([value, text]) => createCell("td", value, text));
  line.append(head, createCell("td", row * CELL_PX), ...cells);
  return line;
};

const show = (root, { heads, rows, note, sorted = null }) => {
  const body = root.querySelector("[data-cells]");
  const names = ["x, px", "y, px", ...heads];
  body.replaceChildren(...rows);
  root.querySelector("[data-heads]").replaceChildren(...createSortingHeads(body, names, sorted));
  root.querySelector("[data-cells-note]").textContent = note;
};

const writeNote = (count, what) =>
  count > MOST
    ? `The ${MOST} ${what} of ${writeWhole(count)} cells, by their left and upper edges; the export has all.`
    : "All cells, by their left and upper edges.";

export const showCells = (root, { cells, weight, total }) => {
  const hottest = cells.toSorted((a, b) => b[2] - a[2]).slice(0, MOST);
  const rows = hottest.map(([column, row, value]) =>
    createRow(column, row, [
      [value, writeValue(value, weight)],
      [value, writeShare(value / total)],
    ]),
  );
  const note = writeNote(cells.length, "highest");
  show(root, { heads: [nameOf(weight), "Share"], rows, note, sorted: 2 });
};

const signed = (share) => `${share < 0 ? "\u2212" : "+"}${writeShare(Math.abs(share))}`;

// `differences` and the shares of A and B are grids of the extent.
export const showDifferences = (root, { differences, shares, columns }) => {
  const [a, b] = shares;
  const places = [...differences.keys()].filter((i) => a[i] || b[i]);
  const size = (i) => Math.abs(differences[i]);
  const rows = places
    .toSorted((i, j) => size(j) - size(i))
    .slice(0, MOST)
    .map((i) =>
      createRow(i % columns, Math.floor(i / columns), [
        ...[a[i], b[i]].map((share) => [share, writeShare(share)]),
        [differences[i], signed(differences[i])],
      ]),
    );
  const note = writeNote(places.length, "most different");
  show(root, { heads: ["A", "B", "A \u2212 B"], rows, note });
};

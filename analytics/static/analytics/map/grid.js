// A map's cells as a grid of numbers, row by row, and the picture's smoothing of it.

export const CELL_PX = 16;

// A page of a million px, which a made-up sample can claim, fits no canvas.
const MOST = { columns: 512, rows: 2048 };
// A page ends where its document does, or where this share of the values lies above.
const SHARE = 0.999;

const reach = (cells, axis, most) => {
  const sums = new Float64Array(most + 1);
  let total = 0;
  for (const cell of cells) {
    if (cell[axis] < 0) continue;
    sums[Math.min(cell[axis], most)] += cell[2];
    total += cell[2];
  }
  let sum = 0;
  return sums.findIndex((value) => {
    sum += value;
    return sum >= total * SHARE;
  });
};

// The picture's size in cells. `size` is the document's [width, height] in px, if it is known.
export const measure = (maps, size) => {
  const cells = maps.flatMap((map) => map.cells);
  const [width, height] = size ?? [0, 0];
  const columns = Math.max(Math.ceil(width / CELL_PX), reach(cells, 0, MOST.columns - 1) + 1, 1);
  const rows = Math.max(Math.ceil(height / CELL_PX), reach(cells, 1, MOST.rows - 1) + 1, 1);
  return { columns: Math.min(columns, MOST.columns), rows: Math.min(rows, MOST.rows) };
};

const isInside = ([column, row], { columns, rows }) =>
  column >= 0 && row >= 0 && column < columns && row < rows;

export const toGrid = (cells, extent) => {
  const grid = new Float64Array(extent.columns * extent.rows);
  for (const cell of cells)
    if (isInside(cell, extent)) grid[cell[1] * extent.columns + cell[0]] = cell[2];
  return grid;
};

// The share of the values that lie outside of the picture.
export const shareOutside = ({ cells, total }, extent) => {
  let outside = 0;
  for (const cell of cells) if (!isInside(cell, extent)) outside += cell[2];
  return total ? outside / total : 0;
};

const kernelOf = (sigma) => {
  const radius = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
};

// One pass along lines of `length` numbers that lie `step` apart.
const pass = (from, kernel, { lines, length, stride, step }) => {
  const to = new Float64Array(from.length);
  const radius = (kernel.length - 1) / 2;
  for (let line = 0; line < lines; line++) {
    const start = line * stride;
    for (let at = 0; at < length; at++) {
      const value = from[start + at * step];
      if (!value) continue;
      const first = Math.max(0, at - radius);
      const last = Math.min(length - 1, at + radius);
      for (let near = first; near <= last; near++)
        to[start + near * step] += value * kernel[near - at + radius];
    }
  }
  return to;
};

// A Gaussian with a standard deviation of `sigma` px; the sum stays, except at the page's edges.
export const smooth = (grid, { columns, rows }, sigma) => {
  if (!sigma) return grid;
  const kernel = kernelOf(sigma / CELL_PX);
  const along = pass(grid, kernel, { lines: rows, length: columns, stride: columns, step: 1 });
  return pass(along, kernel, { lines: columns, length: rows, stride: 1, step: columns });
};

export const highest = (grid) => {
  let most = 0;
  for (const value of grid) most = Math.max(most, Math.abs(value));
  return most;
};

// The sum of each row.
export const sumRows = (grid, { columns, rows }) =>
  Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let at = row * columns; at < (row + 1) * columns; at++) sum += grid[at];
    return sum;
  });

// Draws a map on a canvas, and its profile by depth on another.

import { CELL_PX } from "./grid.js";

// The largest canvas that every browser supports.
const LONGEST_PX = 16_384;
const LARGEST_PX = 64_000_000;
// Smaller differences count as none, because the shares of equal maps may differ by rounding.
const ROUNDING = 1e-12;

// Sets a canvas's size in CSS px, and as many device px as it can have.
const fit = (canvas, width, height) => {
  const ratio = Math.min(
    devicePixelRatio || 1,
    LONGEST_PX / Math.max(width, height),
    Math.sqrt(LARGEST_PX / (width * height)),
  );
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  return canvas.getContext("2d");
};

// One pixel for each cell; the values are shares of `most`.
const paintCells = (grid, { columns, rows }, most, colours) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < grid.length; i++) if (grid[i]) image.data.set(colours(grid[i] / most), 4 * i);
  context.putImageData(image, 0, 0);
  return canvas;
};

// `layer` has the smoothed grid and its highest value; `scale` is CSS px for each px of the page.
export const drawMap = (canvas, { layer, extent, scale, opacity, colours, backdrop, isSmooth }) => {
  const [width, height] = [extent.columns, extent.rows].map((n) => n * CELL_PX * scale);
  const context = fit(canvas, width, height);
  Object.assign(canvas.dataset, extent);
  if (backdrop) {
    // A screenshot has the page's width, in any number of pixels.
    const tall = (backdrop.height / backdrop.width) * canvas.width;
    context.drawImage(backdrop, 0, 0, canvas.width, tall);
  }
  if (layer.most < ROUNDING) return;
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = isSmooth;
  const cells = paintCells(layer.grid, extent, layer.most, colours);
  context.drawImage(cells, 0, 0, canvas.width, canvas.height);
  context.globalAlpha = 1;
};

// A bar for each row of cells, of the height of the row: to the right, or from the middle to the
// right where the sum is above 0 and to the left where it is below.
export const drawProfile = (canvas, sums, { width, height, colours: [above, below] }) => {
  const context = fit(canvas, width, height);
  const most = Math.max(...sums.map(Math.abs));
  if (!most) return;
  const tall = canvas.height / sums.length;
  const room = below ? canvas.width / 2 : canvas.width;
  sums.forEach((sum, row) => {
    context.fillStyle = sum < 0 ? below : above;
    context.fillRect(
      canvas.width - room,
      row * tall,
      (sum / most) * room,
      Math.max(1, tall * 0.85),
    );
  });
};

// The cell that is read out: under the mouse, tapped, or chosen by the arrow keys.

import { CELL_PX } from "./grid.js";

const STRIDE = 10;
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const clamp = (value, most) => Math.min(Math.max(value, 0), most - 1);

// `extent` has the columns and rows; `hottest` returns the cell with the highest value. `onCell`
// gets the cell, or null, and whether it is to be spoken.
export const createCursor = (canvas, mark, { onCell }) => {
  let extent = { columns: 1, rows: 1 };
  let scale = 1;
  let hottest = () => [0, 0];
  let cell = null;

  const place = () => {
    mark.hidden = !cell;
    if (!cell) return;
    const side = CELL_PX * scale;
    Object.assign(mark.style, {
      width: `${side}px`,
      height: `${side}px`,
      left: `${cell[0] * side}px`,
      top: `${cell[1] * side}px`,
    });
  };

  const choose = (next, { isSpoken }) => {
    cell = next && [clamp(next[0], extent.columns), clamp(next[1], extent.rows)];
    place();
    onCell(cell, isSpoken);
  };

  const under = ({ offsetX, offsetY }) =>
    [offsetX, offsetY].map((at) => Math.floor(at / (CELL_PX * scale)));

  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") choose(under(event), { isSpoken: false });
  });
  canvas.addEventListener("pointerleave", (event) => {
    const isHeld = event.pointerType === "touch" || document.activeElement === canvas;
    if (!isHeld) choose(null, { isSpoken: false });
  });
  canvas.addEventListener("click", (event) => choose(under(event), { isSpoken: true }));
  canvas.addEventListener("keydown", (event) => {
    const { key, shiftKey } = event;
    const move = MOVES[key];
    if (key === "Escape") choose(null, { isSpoken: false });
    else if (key === "Home" || (move && !cell)) choose(hottest(), { isSpoken: true });
    else if (move) {
      const stride = shiftKey ? STRIDE : 1;
      choose([cell[0] + move[0] * stride, cell[1] + move[1] * stride], { isSpoken: true });
    } else return;
    event.preventDefault();
    mark.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  return {
    // The same cell is read anew, because its value may have changed.
    fit: (options) => {
      ({ extent, scale, hottest } = options);
      if (cell && (cell[0] >= extent.columns || cell[1] >= extent.rows)) cell = null;
      place();
      onCell(cell, false);
    },
  };
};

// Marks in the charts: a line for each, or short ticks where lines would cover the curve.

const PX_A_LINE = 24;
// Marks that are closer than this share a tick.
const PX_A_TICK = 3;

const columnsOf = (shares, width) => {
  const columns = new Map();
  for (const share of shares) {
    const column = Math.floor((share * width) / PX_A_TICK);
    if (!columns.has(column)) columns.set(column, share);
  }
  return [...columns.values()];
};

const createLine = (share) => {
  const line = document.createElement("span");
  line.style.setProperty("--share", share);
  return line;
};

const drawIn = (place, shares) => {
  const width = place.clientWidth;
  const columns = columnsOf(shares, width);
  place.toggleAttribute("data-many", columns.length * PX_A_LINE > width);
  place.replaceChildren(...columns.map(createLine));
};

// The returned function draws marks at these shares of the window, 0 to 1.
export const createMarkLines = (root) => {
  const places = [...root.querySelectorAll("[data-mark-lines]")];
  let shown = [];
  const drawAll = () => {
    for (const place of places) drawIn(place, shown);
  };
  addEventListener("resize", drawAll);

  return (shares) => {
    if (!shares.length && !shown.length) return;
    shown = shares;
    drawAll();
  };
};

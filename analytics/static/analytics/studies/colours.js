// The colour of a condition, by its place among the conditions. The seventh has the first's colour
// again, with a dashed line.

export const NO_CONDITION = "no condition";

const COLOURS = ["average", "peak", "distance", "net-x", "mark", "net-y"];

export const colourOf = (i) => `var(--${COLOURS[i % COLOURS.length]})`;

export const dashOf = (i) => (i < COLOURS.length ? "none" : "6 4");

export const nameOf = (condition) => condition || NO_CONDITION;

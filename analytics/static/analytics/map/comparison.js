// The comparison A − B of two maps: what B is, and by how much the shares of each cell differ.

// The time before A, as long as A, unless B has its own.
const timesOfB = (map, { b_since: since, b_until: until }) => {
  if (since) return { since, until };
  const start = 2 * Date.parse(map.since) - Date.parse(map.until);
  return { since: new Date(start).toISOString(), until: map.since };
};

// B is as A, but for what is compared.
export const viewOfB = (map, view) => {
  const { since, until } = map;
  const other = { range: timesOfB(map, view), label: { label: view.b_label } }[view.compare];
  return { ...view, since, until, width: map.width, ...other };
};

export const isCompared = ({ compare, b_page: page }) => compare && (compare !== "page" || page);

// So that maps of many and of few can be compared. A map without any dwell has no shares.
export const toShares = (grid, total) => grid.map((value) => (total ? value / total : 0));

// 0 everywhere if both are the same.
export const subtract = (a, b) => a.map((value, i) => value - b[i]);

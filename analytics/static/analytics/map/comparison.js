// The comparison A − B of two maps: what B is, and by how much the shares of each cell differ.

// The times of B: its own, or the time before A that is as long as A.
const timesOfB = (map, { b_since: since, b_until: until }) => {
  if (since) return { since, until };
  const start = 2 * Date.parse(map.since) - Date.parse(map.until);
  return { since: new Date(start).toISOString(), until: map.since };
};

// The view of B is that of A, except for what is compared.
export const viewOfB = (map, view) => {
  const { since, until } = map;
  const other = { range: timesOfB(map, view), label: { label: view.b_label } }[view.compare];
  return { ...view, since, until, width: map.width, ...other };
};

export const isCompared = ({ compare, b_page: page }) => compare && (compare !== "page" || page);

// By shares, maps of many and of few can be compared. A map without any dwell has no shares.
export const toShares = (grid, total) => grid.map((value) => (total ? value / total : 0));

// 0 everywhere if both are the same.
export const subtract = (a, b) => a.map((value, i) => value - b[i]);

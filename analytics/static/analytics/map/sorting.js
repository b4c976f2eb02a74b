// Heads of a table whose buttons sort its rows. A cell's `data-value` has its number.

const ASCENDING = "ascending";
const DESCENDING = "descending";

const numberOf = (row, column) => Number(row.cells[column].dataset.value);

const sortRows = (body, column, direction) => {
  const sign = direction === ASCENDING ? 1 : -1;
  const byNumber = (a, b) => sign * (numberOf(a, column) - numberOf(b, column));
  body.append(...[...body.rows].sort(byNumber));
};

const createHead = (name) => {
  const head = document.createElement("th");
  const button = document.createElement("button");
  head.scope = "col";
  button.type = "button";
  button.className = "map-sort";
  button.textContent = name;
  head.append(button);
  return head;
};

// The first press sorts a column by its highest numbers, the next one by its lowest. `sorted` is the
// column by whose highest numbers the rows are sorted already; null if there is none.
export const createSortingHeads = (body, names, sorted) => {
  const heads = names.map(createHead);

  const sortBy = (chosen) => {
    const isReversed = chosen.getAttribute("aria-sort") === DESCENDING;
    const direction = isReversed ? ASCENDING : DESCENDING;
    for (const head of heads) head.removeAttribute("aria-sort");
    chosen.setAttribute("aria-sort", direction);
    sortRows(body, heads.indexOf(chosen), direction);
  };

  for (const head of heads) head.firstChild.addEventListener("click", () => sortBy(head));
  if (sorted !== null) heads[sorted].setAttribute("aria-sort", DESCENDING);
  return heads;
};

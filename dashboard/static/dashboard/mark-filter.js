// The filter of marks, which the page's address keeps: a name, or a beginning such as `trial:*`.

const NAME = "marks";

export const readFilter = () => new URLSearchParams(location.search).get(NAME) ?? "";

// Returns the query with the filter in it, or without if the filter is empty.
export const withFilter = (query, filter = readFilter()) => {
  if (filter) query.set(NAME, filter);
  else query.delete(NAME);
  return query;
};

export const keepFilter = (filter) => {
  const address = new URL(location);
  withFilter(address.searchParams, filter);
  history.replaceState(null, "", address);
};

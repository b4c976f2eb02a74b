// Rows that are read again: the focus stays on the element with the same id.

export const replaceRows = (body, rows) => {
  const { activeElement: focused } = document;
  const id = body.contains(focused) ? focused.id : "";
  body.replaceChildren(...rows);
  if (id) document.getElementById(id)?.focus();
};

// What the page shows. The address has it, so that a link shows the same.

const DEFAULTS = {
  range: "30d",
  since: "",
  until: "",
  width: "",
  pointer: "",
  weight: "dwell",
  label: "",
  // With what it is compared: another range, the beginning of other labels, or another page.
  compare: "",
  b_since: "",
  b_until: "",
  b_label: "",
  b_page: "",
  smoothing: "24",
  opacity: "80",
};

// A reader of a share link sees all instances of the one page.
const SHARED = { label: "", b_label: "", b_page: "" };

export const readView = ({ isShared }) => {
  const query = new URLSearchParams(location.search);
  const entries = Object.entries(DEFAULTS);
  const view = Object.fromEntries(entries.map(([name, usual]) => [name, query.get(name) ?? usual]));
  if (!isShared) return view;
  return { ...view, ...SHARED, compare: view.compare === "range" ? "range" : "" };
};

const ONLY_IN = { b_since: "range", b_until: "range", b_label: "label", b_page: "page" };

const isUnused = (name, view) => {
  if (name === "range") return Boolean(view.since);
  return name in ONLY_IN && ONLY_IN[name] !== view.compare;
};

// The address of a view, without what has its usual value.
export const addressOf = (view) => {
  const query = new URLSearchParams();
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (view[name] !== usual && !isUnused(name, view)) query.set(name, view[name]);
  }
  return `${location.pathname}${query.size ? `?${query}` : ""}`;
};

const bounded = (text, least, most, usual) => {
  const value = text === "" ? Number.NaN : Number(text);
  return Number.isNaN(value) ? usual : Math.min(most, Math.max(least, value));
};

// In px, the standard deviation of the Gaussian.
export const smoothingOf = ({ smoothing }) => bounded(smoothing, 0, 64, 24);

// From 0.1 to 1.
export const opacityOf = ({ opacity }) => bounded(opacity, 10, 100, 80) / 100;

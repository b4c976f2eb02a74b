// The filters of a list, and its order. The address has them, and the form shows what the address has.

import { momentsOf, toLocal } from "./local-time.js";

const NAMES = ["q", "state", "time", "since", "until", "site", "page", "label", "sort"];
const TIMES = ["since", "until"];
const ORDER = "sort";
const CUSTOM = "custom";
// Longer than between two keys of a person who types.
const PAUSE_MS = 300;

const isTyped = ({ type }) => type === "search" || type === "text";

// The query of the list in the address, without what filters nothing.
export const readFilters = (names = NAMES) => {
  const address = new URLSearchParams(location.search);
  const known = names.map((name) => [name, address.get(name)]).filter(([, value]) => value);
  return new URLSearchParams(known);
};

// A time in the address in ms; NaN if it is not a time.
export const parseTime = (value) =>
  new Date(/^[0-9.]+$/.test(value) ? Number(value) : value).getTime();

const writeTime = (value) => {
  const time = parseTime(value);
  return Number.isNaN(time) ? "" : toLocal(time);
};

// Of a local time that occurs twice, From means the first moment and Until the second.
const readTime = (name, value) => {
  const moments = momentsOf(value);
  const moment = name === "since" ? moments.at(0) : moments.at(-1);
  return moment === undefined ? "" : new Date(moment).toISOString();
};

// `names` are those of the form's fields. A form without times has no field `time`. `kept` are
// parameters of the address that no filter changes.
export const createFilters = (form, { names = NAMES, kept = [], onChange }) => {
  const fields = form.elements;
  const clear = form.querySelector("[data-clear]");
  const more = form.querySelector("[data-more-filters]");
  let timer = 0;
  // The field whose typing made the newest entry of the history, so that a word is one entry.
  let typing = null;

  const showCustom = () => {
    const isCustom = fields.time?.value === CUSTOM;
    for (const label of form.querySelectorAll("[data-custom-time]")) label.hidden = !isCustom;
  };

  const showCount = () => {
    const used = [...readFilters(names).keys()].filter((name) => name !== ORDER);
    clear.hidden = !used.length;
    const hidden = new Set(used.filter((name) => name !== "q").map(toPart)).size;
    more.textContent = hidden ? `Filters (${hidden})` : "Filters";
  };

  const toPart = (name) => (TIMES.includes(name) ? "time" : name);

  const fill = () => {
    const filters = readFilters(names);
    for (const name of names) {
      const value = filters.get(name) ?? "";
      fields[name].value = TIMES.includes(name) ? writeTime(value) : value;
      // No choice has this value; the list says so, and the form shows the default.
      if (fields[name].selectedIndex === -1) fields[name].value = "";
    }
    if (TIMES.some((name) => filters.has(name))) fields.time.value = CUSTOM;
    showCustom();
    showCount();
  };

  const readForm = () => {
    const isCustom = fields.time?.value === CUSTOM;
    const query = new URLSearchParams();
    for (const name of names) {
      let { value } = fields[name];
      if (TIMES.includes(name)) value = isCustom && value ? readTime(name, value) : "";
      if (name === "time" && isCustom) value = "";
      if (value) query.set(name, value);
    }
    return query;
  };

  const go = (query, field = null) => {
    clearTimeout(timer);
    showCustom();
    if (`${query}` === `${readFilters(names)}` && !location.search.includes("cursor=")) return;
    const all = new URLSearchParams([...readFilters(kept), ...query]);
    const address = `${location.pathname}${all.size ? `?${all}` : ""}`;
    if (field && field === typing) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    typing = field;
    showCount();
    onChange();
  };

  const isValid = () => {
    const { since, until } = fields;
    const isWrong = since?.value && until.value && since.value > until.value;
    until?.setCustomValidity(isWrong ? "The end must come after the start." : "");
    return form.reportValidity();
  };

  const clearAll = () => {
    go(new URLSearchParams());
    fill();
    (fields.q ?? fields.time).focus();
  };

  form.addEventListener("input", ({ target }) => {
    if (!isTyped(target)) return;
    clearTimeout(timer);
    timer = setTimeout(() => go(readForm(), target), PAUSE_MS);
  });
  form.addEventListener("change", ({ target }) => {
    showCustom();
    if (isValid()) go(readForm(), isTyped(target) ? target : null);
  });
  form.addEventListener("focusout", () => {
    typing = null;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isValid()) go(readForm(), typing);
  });
  more.addEventListener("click", () => {
    const isOpen = more.getAttribute("aria-expanded") === "true";
    more.setAttribute("aria-expanded", !isOpen);
  });
  clear.addEventListener("click", clearAll);
  addEventListener("popstate", () => {
    clearTimeout(timer);
    typing = null;
    fill();
    onChange();
  });
  fill();
  return { clearAll };
};

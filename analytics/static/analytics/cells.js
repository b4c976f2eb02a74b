// The cells of a list's rows. Text of a page or a label may be in any script.

import { partsOfSpan } from "../dashboard/numerals.js";

export const writeSpan = (seconds) =>
  partsOfSpan(seconds)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");

export const createElement = (tag, { text = "", kind = "", ...more } = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  if (kind) element.className = kind;
  return Object.assign(element, more);
};

export const createCell = (name, text) => {
  const cell = createElement("td", { text });
  cell.dataset.name = name;
  return cell;
};

// The whole id of an instance; dashboard/copy.js listens to it.
export const createCopy = (id, name) => {
  const button = createElement("button", {
    kind: "copy",
    type: "button",
    title: "Copy the whole id",
  });
  button.dataset.copy = id;
  button.setAttribute("aria-label", `Copy the whole id of ${name}`);
  return button;
};

// What a list calls an instance: its label, or else its short id, with more about it and its id.
export const createInstanceName = ({ id, label, short }, { href, more = [] }) => {
  const kind = label ? "" : "ranking-id";
  const link = createElement("a", { text: label || short, kind, title: label, dir: "auto", href });
  const rest = createElement("span", { text: label ? short : "", kind: "ranking-id unit" });
  return createName(link, rest, createCopy(id, label || short), ...more);
};

export const createName = (...parts) => {
  const cell = createElement("th", { scope: "row" });
  const inner = createElement("div", { kind: "ranking-parts" });
  inner.append(...parts);
  cell.append(inner);
  return cell;
};

// A bar under a number, as a share of the largest.
export const createBar = (share) => {
  const bar = createElement("span", { kind: "ranking-bar" });
  bar.setAttribute("aria-hidden", "true");
  bar.style.setProperty("--share", share);
  return bar;
};

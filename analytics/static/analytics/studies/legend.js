// Buttons that hide and show the conditions in all figures.

import { writeWhole } from "../../dashboard/numerals.js";
import { createElement } from "../cells.js";
import { colourOf, nameOf } from "./colours.js";

// `onChange` is called when the user has hidden or shown one.
export const createLegend = (place, root, onChange) => {
  const hidden = new Set();
  let names = [];

  const hide = () => {
    root.dataset.hides = names
      .map((name, i) => (hidden.has(name) ? `c${i}` : ""))
      .filter(Boolean)
      .join(" ");
  };

  place.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    const name = names[Number(button.dataset.condition)];
    if (!hidden.delete(name)) hidden.add(name);
    button.setAttribute("aria-pressed", !hidden.has(name));
    hide();
    onChange();
  });

  const createButton = ({ condition, trials }, i) => {
    const button = createElement("button", { type: "button" });
    button.dataset.condition = i;
    button.setAttribute("aria-pressed", !hidden.has(condition));
    const swatch = createElement("span", { kind: "study-swatch" });
    swatch.style.background = colourOf(i);
    const name = createElement("bdi", { text: nameOf(condition) });
    const count = createElement("span", { text: `${writeWhole(trials)}`, kind: "unit" });
    button.append(swatch, name, " ", count);
    return button;
  };

  const show = ({ conditions, more_conditions: more }) => {
    names = conditions.map(({ condition }) => condition);
    const focused = place.contains(document.activeElement)
      ? Number(document.activeElement.dataset.condition)
      : -1;
    const buttons = conditions.map(createButton);
    const rest = more ? `and ${writeWhole(more)} smaller conditions, which are not drawn` : "";
    place.replaceChildren(...buttons, createElement("span", { text: rest, kind: "unit" }));
    buttons[focused]?.focus();
    hide();
  };

  return { show };
};

// The controls of a map: links of ranges and widths, fields, and a custom range.

import { momentsOf, toLocal } from "../../dashboard/local-time.js";
import { addressOf } from "./view.js";
import { writeWidth } from "./words.js";

const PAUSE_MS = 400;
const DRAWN = new Set(["smoothing", "opacity"]);
const MOMENTS = ["b_since", "b_until"];

// `onView` gets the changed part of the view, and whether only the drawing changes.
export const createControls = (root, { onView }) => {
  const fields = root.querySelector("[data-fields]");
  const custom = root.querySelector("[data-custom]");
  const [from, until] = ["[data-from]", "[data-until]"].map((name) => custom.querySelector(name));
  const ranges = [...root.querySelectorAll("[data-range]")];
  const widths = [...root.querySelectorAll("[data-width]")];
  let timer = 0;
  let times = null;

  for (const link of widths)
    link.querySelector("[data-width-words]").textContent = writeWidth(Number(link.dataset.width));

  const listen = (links, toPart) => {
    for (const link of links)
      link.addEventListener("click", (event) => {
        // With a key held, the browser opens the link elsewhere.
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        onView(toPart(link.dataset));
      });
  };

  const ofRange = ({ range }) => ({ range, since: "", until: "" });
  const ofWidth = ({ width }) => ({ width });
  listen(ranges, ofRange);
  listen(widths, ofWidth);

  fields.addEventListener("input", ({ target: { name, value, type } }) => {
    clearTimeout(timer);
    if (DRAWN.has(name)) onView({ [name]: value }, { isDrawn: true });
    else if (type === "text") timer = setTimeout(() => onView({ [name]: value }), PAUSE_MS);
  });
  fields.addEventListener("change", ({ target: { name, value } }) => {
    clearTimeout(timer);
    if (MOMENTS.includes(name)) showMoments();
    else if (name && !DRAWN.has(name)) onView({ [name]: value });
  });
  fields.addEventListener("submit", (event) => event.preventDefault());

  // Both are set, or neither: then it is the time before A.
  const showMoments = () => {
    const [start, end] = MOMENTS.map((name) => fields.elements[name]);
    const moments = [momentsOf(start.value || "x").at(0), momentsOf(end.value || "x").at(-1)];
    const isWrong = moments[0] >= moments[1];
    end.setCustomValidity(isWrong ? "The end must come after the start." : "");
    if (isWrong) end.reportValidity();
    else if (!start.value && !end.value) onView({ b_since: "", b_until: "" });
    else if (moments.every((time) => time !== undefined))
      onView({
        b_since: new Date(moments[0]).toISOString(),
        b_until: new Date(moments[1]).toISOString(),
      });
  };

  const showCompared = (view) => {
    for (const label of fields.querySelectorAll("[data-compared]"))
      label.hidden = label.dataset.compared !== view.compare;
    for (const name of MOMENTS) {
      const time = Date.parse(view[name]);
      fields.elements[name].value = Number.isNaN(time) ? "" : toLocal(time);
    }
  };

  custom.addEventListener("toggle", () => {
    if (!times) return;
    from.value ||= toLocal(times[0]);
    until.value ||= toLocal(times[1]);
  });
  custom.querySelector("[data-custom-form]").addEventListener("submit", (event) => {
    event.preventDefault();
    // A local time that occurs twice means the longer range.
    const since = momentsOf(from.value).at(0);
    const end = momentsOf(until.value).at(-1);
    from.setCustomValidity(since === undefined ? "The clocks skip this time." : "");
    until.setCustomValidity(since >= end ? "The end must come after the start." : "");
    if (!event.target.reportValidity()) return;
    custom.open = false;
    onView({ since: new Date(since).toISOString(), until: new Date(end).toISOString() });
  });
  custom.addEventListener("input", () => {
    for (const field of [from, until]) field.setCustomValidity("");
  });

  const point = (links, view, { toPart, isChosen }) => {
    for (const link of links) {
      link.href = addressOf({ ...view, ...toPart(link.dataset) });
      if (isChosen(link.dataset)) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };

  const showView = (view) => {
    for (const field of fields.elements)
      if (field.name in view && !MOMENTS.includes(field.name) && field.value !== view[field.name])
        field.value = view[field.name];
    showCompared(view);
    root.querySelector("[data-smoothing-words]").textContent =
      `${fields.elements.smoothing.value} px`;
    root.querySelector("[data-opacity-words]").textContent = `${fields.elements.opacity.value} %`;
    point(ranges, view, {
      toPart: ofRange,
      isChosen: ({ range }) => !view.since && range === view.range,
    });
    root
      .querySelector("[data-custom-name]")
      .classList.toggle("range-custom-current", Boolean(view.since));
    point(widths, view, { toPart: ofWidth, isChosen: ({ width }) => width === view.width });
  };

  return {
    showView,
    showMap: (view, map) => {
      times = [map.since, map.until].map((time) => Date.parse(time));
      for (const link of widths) {
        const known = map.widths.find(({ width }) => width === Number(link.dataset.width));
        link.querySelector("[data-n]").textContent = known?.instances ?? 0;
        link.toggleAttribute("data-none", !known);
      }
      // Without a width in the address, the service chose the one with the most dwell.
      showView({ ...view, width: String(map.width ?? view.width) });
    },
    // NaN for an unknown range.
    secondsOf: ({ range }) =>
      Number(ranges.find((link) => link.dataset.range === range)?.dataset.seconds),
  };
};

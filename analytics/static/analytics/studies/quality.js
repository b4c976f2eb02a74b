// How far the trials can be trusted, and leaving some of them out. What is left out is a list of
// rules and of trials' ids between commas, which the address has.

import { writeMoment, writeTenth, writeWhole } from "../../dashboard/numerals.js";
import { createElement } from "../cells.js";
import { nameOf } from "./colours.js";
import { replaceRows } from "./rows.js";

const WHY = { slow: "under 60 Hz", gaps: "gaps", coarse: "coarse clock", resized: "resized" };
// The page shows some time around a trial.
const AROUND_MS = 2000;

const writeShare = (count, all) => (all ? `${writeTenth((100 * count) / all)} %` : "–");

const addressOf = (root, { instance_id: id, started_at: start, ended_at: end }) => {
  const since = new Date(Date.parse(start) - AROUND_MS).toISOString();
  const until = new Date(Date.parse(end) + AROUND_MS).toISOString();
  return `${root.dataset.instancesUrl}${id}/?${new URLSearchParams({ since, until })}`;
};

// `read` returns what is left out, and `write` changes it.
export const createQuality = (root, { read, write }) => {
  const part = (name) => root.querySelector(`[data-${name}]`);
  const words = () => new Set(read().split(",").filter(Boolean));

  const tick = () => {
    const left = words();
    for (const box of root.querySelectorAll("[data-exclude]"))
      box.checked = left.has(box.dataset.exclude);
  };

  root.addEventListener("change", ({ target }) => {
    const word = target.dataset?.exclude;
    if (!word) return;
    const left = words();
    if (target.checked) left.add(word);
    else left.delete(word);
    write([...left].join(","));
  });

  const createRow = (doubt) => {
    const row = createElement("tr");
    const isShared = "shared" in root.dataset;
    const link = createElement(isShared ? "span" : "a", {
      text: doubt.trial || `id ${doubt.id}`,
      dir: "auto",
    });
    if (!isShared) link.href = addressOf(root, doubt);
    link.id = `doubt-${doubt.id}`;
    const name = createElement("th", { scope: "row" });
    name.append(link);
    const box = createElement("input", { type: "checkbox", id: `leave-out-${doubt.id}` });
    box.dataset.exclude = doubt.id;
    const label = createElement("label", { kind: "study-check" });
    const said = `Leave out trial ${doubt.trial || doubt.id} of ${doubt.name}`;
    label.append(box, createElement("span", { text: said, kind: "hidden" }));
    const last = createElement("td");
    last.append(label);
    const bidi = (text) => createElement("td", { text, dir: "auto" });
    row.append(
      name,
      bidi(doubt.name),
      bidi(nameOf(doubt.condition)),
      createElement("td", { text: writeMoment(Date.parse(doubt.started_at)) }),
      createElement("td", { text: doubt.rules.map((rule) => WHY[rule]).join(", ") }),
      last,
    );
    return row;
  };

  const show = ({ rules, unknown, doubts, most_doubts: most }, { trials }) => {
    for (const row of root.querySelectorAll("[data-rule]")) {
      const count = rules[row.dataset.rule];
      row.querySelector("[data-rule-count]").textContent = writeWhole(count);
      row.querySelector("[data-rule-share]").textContent = writeShare(count, trials);
    }
    part("unknown").textContent = unknown
      ? `${writeWhole(unknown)} trials have too few samples to be judged, and no rule leaves them out.`
      : "";
    part("doubts-count").textContent =
      doubts.length < most ? writeWhole(doubts.length) : `the newest ${writeWhole(most)}`;
    replaceRows(part("doubts"), doubts.map(createRow));
    tick();
  };

  return { show, tick };
};

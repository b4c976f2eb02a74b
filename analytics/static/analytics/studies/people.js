// The participants: how many trials each has done, and the throughput where trials have two targets.

import { writeMoment, writeTenth, writeWhole } from "../../dashboard/numerals.js";
import { createCopy, createElement } from "../cells.js";
import { colourOf, nameOf } from "./colours.js";
import { replaceRows } from "./rows.js";

const createHead = (text, kind = "") => createElement("th", { text, kind, scope: "col" });

const createBar = (share, i) => {
  const bar = createElement("span", { kind: "ranking-bar" });
  bar.setAttribute("aria-hidden", "true");
  bar.style.setProperty("--share", share);
  bar.style.background = colourOf(i);
  return bar;
};

const createRow = (person, { root, shown, fastest }) => {
  const row = createElement("tr");
  const { instance_id: id, label, short_id: shortId, trials, chosen, throughput } = person;
  // A reader of the study's share link may not see the instance.
  const isShared = "shared" in root.dataset;
  const link = createElement(isShared ? "span" : "a", {
    text: label || shortId,
    kind: label ? "" : "ranking-id",
    dir: "auto",
  });
  if (!isShared) link.href = `${root.dataset.instancesUrl}${id}/?range=all`;
  link.id = `person-${id}`;
  const name = createElement("th", { scope: "row" });
  name.append(link);
  if (!isShared) {
    const copy = createCopy(id, label || shortId);
    copy.id = `copy-${id}`;
    name.append(" ", copy);
  }
  const count = createElement("td", { kind: "study-number", text: writeWhole(chosen) });
  if (chosen < trials)
    count.append(" ", createElement("span", { text: `of ${writeWhole(trials)}`, kind: "unit" }));
  row.append(name, count);
  for (const { condition, i } of shown) {
    const value = throughput[condition];
    const cell = createElement("td", {
      kind: "study-number",
      text: value === undefined ? "–" : writeTenth(value),
    });
    if (value !== undefined) cell.append(createBar(value / fastest, i));
    row.append(cell);
  }
  row.append(createElement("td", { text: writeMoment(Date.parse(person.last_at)) }));
  return row;
};

export const showPeople = (root, { people, most_people: most, conditions, throughput }) => {
  const part = (name) => root.querySelector(`[data-${name}]`);
  const shown = conditions
    .map(({ condition }, i) => ({ condition, i }))
    .filter(({ condition }) => Object.hasOwn(throughput, condition));
  const all = people.flatMap((person) => Object.values(person.throughput));
  const fastest = Math.max(...all, 0) || 1;
  const heads = shown.map(({ condition }) =>
    createHead(`Throughput, ${nameOf(condition)}, bit/s`, "study-number"),
  );
  part("people-heads").replaceChildren(
    createHead("Participant"),
    createHead("Trials", "study-number"),
    ...heads,
    createHead("Last trial"),
  );
  replaceRows(
    part("people"),
    people.map((person) => createRow(person, { root, shown, fastest })),
  );
  part("people-words").textContent =
    people.length < most ? "" : `the first ${writeWhole(most)}; means and exports are of all`;
  const means = shown.map(({ condition }) => {
    const { n, mean } = throughput[condition];
    return `${nameOf(condition)} ${writeTenth(mean)} bit/s (n = ${writeWhole(n)})`;
  });
  part("throughput-note").textContent = means.length
    ? `Mean throughput of participants, ISO 9241-411: ${means.join("; ")}.`
    : "Throughput is shown for trials with two targets: where the movement starts, and one to reach.";
};

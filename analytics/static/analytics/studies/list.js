// The list of studies.

import { listenToCopies } from "../../dashboard/copy.js";
import { writeMoment, writeWhole } from "../../dashboard/numerals.js";
import { createCell, createElement, createName } from "../cells.js";
import { showListing } from "../listing.js";
import { NO_STUDY, urlOfStudy } from "./address.js";

const SHOWN_CONDITIONS = 4;

const urls = document.querySelector("[data-listing]").dataset;

const createConditions = (conditions) => {
  const named = conditions.filter(Boolean);
  const cell = createCell("conditions", named.slice(0, SHOWN_CONDITIONS).join(", "));
  const more = named.length - SHOWN_CONDITIONS;
  if (more > 0) cell.append(createElement("span", { text: ` and ${more} more`, kind: "unit" }));
  cell.dir = "auto";
  return cell;
};

const createTrials = ({ trials, abandoned }) => {
  const cell = createCell("trials", "");
  const some = abandoned ? `${writeWhole(abandoned)} abandoned` : "";
  if (some) cell.append(createElement("span", { text: some, kind: "few" }), " ");
  cell.append(writeWhole(trials));
  return cell;
};

const createStudyRow = (study) => {
  const row = createElement("tr");
  const { study: name, conditions, instances, last_at: last } = study;
  row.dataset.study = name;
  const link = createElement("a", { text: name || NO_STUDY, title: name, dir: "auto" });
  link.href = urlOfStudy(name, urls);
  const participants = createCell("participants", writeWhole(instances));
  row.append(
    createName(link),
    createConditions(conditions),
    participants,
    createTrials(study),
    createCell("last_trial", writeMoment(Date.parse(last))),
  );
  return row;
};

listenToCopies();
showListing({
  names: ["q", "sort"],
  firstSort: "last_trial",
  createRows: ({ studies }) => studies.map(createStudyRow),
});

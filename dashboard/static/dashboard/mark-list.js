// How many marks the range has, and all of them as a table that can be copied.

import { timeWriter, writeWhole } from "./numerals.js";

const SECOND_MS = 1000;

const writeData = (data) => (Object.keys(data).length ? JSON.stringify(data) : "");

const createCell = (kind, content) => {
  const cell = document.createElement(kind);
  cell.append(content);
  return cell;
};

const createTime = (time, writeTime) => {
  const element = document.createElement("time");
  element.dateTime = new Date(time).toISOString();
  const milliseconds = String(Math.floor(time) % SECOND_MS).padStart(3, "0");
  element.textContent = `${writeTime(time)}.${milliseconds}`;
  return element;
};

const createRow = ({ time, name, data }, writeTime) => {
  const row = document.createElement("tr");
  const head = createCell("th", createTime(time, writeTime));
  head.scope = "row";
  row.append(head, createCell("td", name), createCell("td", writeData(data)));
  return row;
};

// A tab or a line break in a name would begin another cell.
const toLine = ({ at, name, data }) => [at, name.replace(/\s/g, " "), writeData(data)].join("\t");

const describe = ({ marks, isCut, filter }) => {
  if (!marks.length) return filter ? `none named ${filter}` : "none in this range";
  return isCut ? `the first ${writeWhole(marks.length)}` : writeWhole(marks.length);
};

export const createMarkList = (section) => {
  const count = section.querySelector("[data-marks-count]");
  const copy = section.querySelector("[data-marks-copy]");
  const names = section.querySelector("datalist");
  const values = section.querySelector("details");
  const body = section.querySelector("tbody");
  const known = new Set();

  const learn = (marks) => {
    for (const { name } of marks) {
      if (known.has(name)) continue;
      known.add(name);
      names.append(Object.assign(document.createElement("option"), { value: name }));
    }
  };

  const show = ({ marks, isCut = false, filter = "", since, until }) => {
    const text = describe({ marks, isCut, filter });
    if (count.textContent !== text) count.textContent = text;
    copy.hidden = values.hidden = !marks.length;
    copy.dataset.copy = marks.map(toLine).join("\n");
    learn(marks);
    const writeTime = timeWriter({ since, until, interval: SECOND_MS });
    body.replaceChildren(...marks.map((mark) => createRow(mark, writeTime)).reverse());
  };

  return {
    show,
    tell: (text) => {
      count.textContent = text;
    },
  };
};

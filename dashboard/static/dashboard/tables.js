// The table behind each chart: one row per second, newest first, with exact numbers.
//
// A row lives as long as its second is in the window; only changed cells are written.

import { SERIES } from "./charts.js";
import { NOTHING, writeClock, writeWhole } from "./numerals.js";

const createHead = (figure) => {
  const row = figure.querySelector("[data-columns]");
  for (const name of row.dataset.columns.split("|")) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    row.append(cell);
  }
};

const createRow = (time, names, writeTime) => {
  const row = document.createElement("tr");
  row.dataset.time = new Date(time).toISOString();
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = writeTime(time);
  row.append(head);
  for (const name of names) {
    const cell = document.createElement("td");
    cell.dataset.name = name;
    cell.textContent = NOTHING;
    row.append(cell);
  }
  return row;
};

const fillCell = (cell, value) => {
  const exact = value === null ? "" : String(value);
  if (cell.dataset.value === exact) return;
  cell.dataset.value = exact;
  cell.textContent = writeWhole(value);
};

const createTable = (figure, writeTime) => {
  const names = Object.keys(SERIES[figure.dataset.chart].types);
  const body = figure.querySelector("tbody");
  const rows = new Map();
  createHead(figure);

  const rowOf = (time) => {
    if (!rows.has(time)) {
      rows.set(time, createRow(time, names, writeTime));
      body.prepend(rows.get(time));
    }
    return rows.get(time);
  };

  const forget = (first) => {
    for (const [time, row] of rows) {
      if (time >= first) break;
      row.remove();
      rows.delete(time);
    }
  };

  return (buckets) => {
    for (const bucket of buckets) {
      const row = rowOf(bucket.time);
      names.forEach((name, i) => {
        fillCell(row.cells[i + 1], bucket[name]);
      });
    }
    forget(buckets[0].time);
  };
};

export const createTables = (figures, writeTime = writeClock) => {
  const fills = figures.map((figure) => createTable(figure, writeTime));
  return (buckets) => {
    for (const fill of fills) fill(buckets);
  };
};

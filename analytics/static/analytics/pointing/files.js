// The data of a run as files that the browser makes: every movement as CSV, everything as JSON.

import { endPoint, isError } from "./throughput.js";

const COLUMNS = [
  "study",
  "participant",
  "condition",
  "run",
  "block",
  "pointer",
  "amplitude",
  "width",
  "trial",
  "from_x",
  "from_y",
  "to_x",
  "to_y",
  "to_width",
  "selected_x",
  "selected_y",
  "time",
  "overshoot",
  "aside",
  "error",
];

const quote = (cell) =>
  /[",\r\n]/.test(cell) ? `"${`${cell}`.replaceAll('"', '""')}"` : `${cell}`;

const rowsOf = ({ settings, run, sequences }) =>
  sequences.flatMap(({ block, pointer, condition, movements }) =>
    movements.map((movement, i) => {
      const { overshoot, aside } = endPoint(movement);
      return [
        settings.study,
        settings.participant,
        settings.condition,
        run,
        block,
        pointer,
        condition.amplitude,
        condition.width,
        i + 1,
        ...movement.source,
        ...movement.target,
        movement.width,
        ...movement.selected,
        movement.time,
        overshoot,
        aside,
        isError(movement),
      ];
    }),
  );

export const writeCsv = (result) =>
  [COLUMNS, ...rowsOf(result)].map((row) => `${row.map(quote).join()}\r\n`).join("");

export const writeJson = (result) => `${JSON.stringify(result, null, 2)}\n`;

export const save = (text, type, name) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
};

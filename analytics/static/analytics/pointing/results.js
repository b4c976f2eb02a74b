// The end of a run: its numbers, their pictures, what the service says, and the files.

import { save, writeCsv, writeJson } from "./files.js";
import { drawEnds, drawRates } from "./picture.js";
import { writeCondition } from "./ring.js";
import { mean, summarise } from "./throughput.js";

const NOTHING = "–";

const write = (value, digits) => (value === null ? NOTHING : value.toFixed(digits));

const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

const cell = (name, text) => {
  const element = document.createElement(name);
  if (name === "th") element.scope = "row";
  element.textContent = text;
  return element;
};

const rowOf = (sequence) => {
  const row = document.createElement("tr");
  row.append(
    cell("th", writeCondition(sequence.condition)),
    ...[
      sequence.trials,
      sequence.errors,
      write(sequence.movementTime, 3),
      write(sequence.amplitude, 1),
      write(sequence.width, 1),
      write(sequence.difficulty, 2),
      write(sequence.throughput, 2),
    ].map((text) => cell("td", text)),
  );
  return row;
};

const writeInterval = ({ interval }, rings) =>
  interval
    ? `95 % interval ${write(interval[0], 2)} to ${write(interval[1], 2)}, from ${rings} rings`
    : "an interval needs two rings";

// What is left out of the numbers.
const writeOmissions = ({ sequences, planned }) => {
  const taps = sequences.reduce((sum, { doubleTaps }) => sum + doubleTaps, 0);
  return [
    sequences.length < planned && `You stopped after ${sequences.length} of ${planned} rings.`,
    taps && `${count(taps, "second press", "second presses")} of a double tap left out.`,
  ].filter(Boolean);
};

export const showResults = (root, result) => {
  const { sequences } = result;
  const find = (name) => root.querySelector(`[data-result=${name}]`);
  const say = (name, text) => {
    find(name).textContent = text;
  };
  const summary = summarise(sequences);
  const [trials, errors] = ["trials", "errors"].map((name) =>
    sequences.reduce((sum, sequence) => sum + sequence[name], 0),
  );
  const times = sequences.flatMap(({ movements }) => movements.map(({ time }) => time));
  say("throughput", write(summary.throughput, 2));
  say("interval", writeInterval(summary, sequences.length));
  say("time", write(mean(times), 2));
  say(
    "movements",
    `${trials} movements by ${[...new Set(sequences.map((s) => s.pointer))].join(", ")}`,
  );
  say("errors", write((100 * errors) / trials, 1));
  say("misses", `${count(errors, "press", "presses")} outside the target, counted in all numbers`);
  say("omissions", writeOmissions(result).join(" "));
  find("rows").replaceChildren(...sequences.map(rowOf));
  drawRates(find("rates"), sequences, summary);
  const beyond = drawEnds(find("ends"), sequences);
  say("beyond", beyond ? ` ${beyond} further out are drawn at the edge.` : "");
};

export const listenToFiles = (root, getResult) => {
  for (const button of root.querySelectorAll("[data-save]"))
    button.addEventListener("click", () => {
      const result = getResult();
      const name = `pointing-${result.run}`;
      if (button.dataset.save === "csv") save(writeCsv(result), "text/csv", `${name}.csv`);
      else save(writeJson(result), "application/json", `${name}.json`);
    });
};

// What the service says of its stored trials, and how reliable the number is.
export const writeStored = (outcome, found) =>
  ({
    waiting: "The service stores the trials and computes the same number in about twenty seconds.",
    agrees: `The service agrees: ${write(found?.throughput ?? null, 2)} bit/s from its ${found?.trials} stored movements.`,
    differs: `The service computed ${write(found?.throughput ?? null, 2)} bit/s from its ${found?.trials} stored movements, which differs.`,
    late: "The service has not stored all movements yet. What waits is sent when it can be reached.",
    offline:
      "The service cannot be reached. The movements wait in this tab, and are sent when it can.",
    denied:
      "The service did not accept the movements, so they are not stored. The files have them.",
    missing: "The recorder did not load, so nothing is stored. The files have all movements.",
  })[outcome];

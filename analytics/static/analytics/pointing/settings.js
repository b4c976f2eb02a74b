// The settings of a run, in the page's address: read, checked and written.

import { gapOf, suggestAmplitudes, suggestWidths } from "./ring.js";
import { MOST_SEQUENCES } from "./throughput.js";

export const COUNTS = [9, 11, 13];
const AMPLITUDE = [40, 4000];
const WIDTH = [4, 1000];
const MOST_VALUES = 4;
const REPEATS = [1, 10];
export const MOST_NAME = 64;
const MOST_LABEL = 100;
const NAMES = [
  ["study", "The study's name", MOST_NAME],
  ["participant", "The participant's label", MOST_LABEL],
  ["condition", "The condition's name", MOST_NAME],
];

// Control characters, and halves of characters, which no mark may hold.
const UNPRINTABLE = /\p{Cc}|\p{Cs}/u;

const readName = (given, words, most, faults) => {
  const name = (given ?? "").trim();
  if ([...name].length > most) faults.push(`${words} has more than ${most} characters.`);
  else if (UNPRINTABLE.test(name)) faults.push(`${words} has characters that cannot be printed.`);
  else return name;
  return "";
};

const readWhole = (text) => (/^\d{1,6}$/.test(text) ? Number(text) : Number.NaN);

const isWithin = (value, [least, most]) => value >= least && value <= most;

const readList = (given, words, bounds, faults) => {
  const values = given
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(readWhole);
  const single = [...new Set(values)];
  if (!values.length || values.length > MOST_VALUES || single.length < values.length)
    faults.push(`${words} are one to ${MOST_VALUES} different numbers, separated by commas.`);
  else if (!values.every((value) => isWithin(value, bounds)))
    faults.push(`${words} are whole numbers of px, from ${bounds[0]} to ${bounds[1]}.`);
  else return single;
  return [];
};

const crossed = ({ amplitudes, widths }) =>
  amplitudes.flatMap((amplitude) => widths.map((width) => ({ amplitude, width })));

const checkRings = (settings, faults) => {
  const { count, conditions, repeats } = settings;
  const overlapping = conditions.find(
    ({ amplitude, width }) => width > gapOf({ count, amplitude }),
  );
  if (overlapping) {
    const { amplitude, width } = overlapping;
    const most = Math.floor(gapOf({ count, amplitude }));
    faults.push(
      `${count} targets of ${width} px would overlap in a ring of ${amplitude} px; ${most} px is the most.`,
    );
  }
  if (conditions.length * repeats > MOST_SEQUENCES)
    faults.push(
      `These are ${conditions.length * repeats} rings; ${MOST_SEQUENCES} are the most for a run.`,
    );
};

// Returns the settings and what is wrong with them, in words. Without amplitudes and widths, those
// that suit the window are chosen.
export const readSettings = (query, { field, isCoarse }) => {
  const faults = [];
  const [study, participant, condition] = NAMES.map(([key, words, most]) =>
    readName(query.get(key), words, most, faults),
  );
  const count = readWhole(query.get("targets") || "11");
  if (!COUNTS.includes(count))
    faults.push("A ring has 9, 11 or 13 targets: an odd number, so that each movement crosses it.");
  const repeats = readWhole(query.get("repeats") || "1");
  if (!isWithin(repeats, REPEATS)) faults.push(`Each ring is shown 1 to ${REPEATS[1]} times.`);
  const readLengths = (key, words, bounds, suggested) =>
    query.get(key)?.trim() ? readList(query.get(key), words, bounds, faults) : suggested;
  const amplitudes = readLengths("amplitudes", "Amplitudes", AMPLITUDE, suggestAmplitudes(field));
  const suited = suggestWidths({ amplitudes, count, isCoarse });
  const widths = readLengths("widths", "Widths", WIDTH, suited);
  const settings = {
    study: study || "pointing",
    participant,
    condition,
    count,
    amplitudes,
    widths,
    repeats,
    practice: query.get("practice") !== "no",
    conditions: crossed({ amplitudes, widths }),
  };
  if (!faults.length) checkRings(settings, faults);
  return { settings, faults };
};

// The address that gives the same rings in any window.
export const writeQuery = (settings) =>
  new URLSearchParams({
    study: settings.study,
    ...(settings.participant && { participant: settings.participant }),
    ...(settings.condition && { condition: settings.condition }),
    targets: settings.count,
    amplitudes: settings.amplitudes.join(),
    widths: settings.widths.join(),
    repeats: settings.repeats,
    ...(!settings.practice && { practice: "no" }),
  });

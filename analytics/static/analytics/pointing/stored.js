// The service's own throughput of a run, computed from its stored trials some seconds later.

import { readJson } from "../../dashboard/api.js";
import { mean } from "./throughput.js";

const PAUSE_MS = 3000;
const PATIENCE_MS = 120_000;
// Both round times to microseconds or less, and read the clock some microseconds apart.
const SAME = 0.005;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

const isSame = (ours, theirs) =>
  ours === theirs || (ours !== null && theirs !== null && Math.abs(ours / theirs - 1) <= SAME);

// Pairs the run's rings with those that the service has in full.
const compare = (sequences, stored) => {
  const found = new Map(stored.map((sequence) => [sequence.block, sequence]));
  const pairs = sequences.map((sequence) => [sequence, found.get(sequence.block)]);
  if (pairs.some(([ours, theirs]) => theirs?.trials !== ours.trials)) return null;
  return pairs.every(
    ([ours, theirs]) => ours.errors === theirs.errors && isSame(ours.throughput, theirs.throughput),
  );
};

// Resolves to `{ agrees, throughput, trials }`, or to null if not all trials came in two minutes.
export const readStored = async ({ url, session, run, sequences, signal }) => {
  const address = `${url}${session.instanceId}/?${new URLSearchParams({ run })}`;
  const headers = { Authorization: `Bearer ${session.token}` };
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until && !signal.aborted) {
    const answer = document.hidden ? null : await readJson(address, headers).catch(() => null);
    const agrees = answer && compare(sequences, answer.sequences);
    if (agrees !== null) {
      const ours = new Set(sequences.map(({ block }) => block));
      const theirs = answer.sequences.filter(({ block }) => ours.has(block));
      const rates = theirs.map(({ throughput }) => throughput).filter((rate) => rate !== null);
      return {
        agrees,
        throughput: rates.length ? mean(rates) : null,
        trials: theirs.reduce((sum, { trials }) => sum + trials, 0),
      };
    }
    await pause();
  }
  return null;
};

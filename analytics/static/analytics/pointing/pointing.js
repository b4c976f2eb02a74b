// The pointing task: instructions, rings, results. The address has its settings.

import { listenToCopies } from "../../dashboard/copy.js";
import { runRing } from "./arena.js";
import { createMarker, nameRun, readCapture, startCapture } from "./marking.js";
import { listenToFiles, showResults, writeStored } from "./results.js";
import { fieldOf, misfits } from "./ring.js";
import { readSettings, writeQuery } from "./settings.js";
import { readStored } from "./stored.js";
import { measureSequence } from "./throughput.js";

const root = document.querySelector("[data-pointing]");
const part = (name) => root.querySelector(`[data-part=${name}]`);
const dialog = root.querySelector("[data-arena]");
const field = root.querySelector("[data-field]");
const said = root.querySelector("[data-said]");
const progress = root.querySelector("[data-progress]");
const isCoarse = matchMedia("(pointer: coarse)").matches;
const { settings, faults } = readSettings(new URLSearchParams(location.search), {
  field: fieldOf(),
  isCoarse,
});
const page = { run: "", sequences: [], planned: 0, waiting: new AbortController() };

// In random order, so that fatigue and practice meet all conditions alike.
const shuffle = (items) => {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
};

const planRings = () => {
  const rings = Array.from({ length: settings.repeats }, () => shuffle(settings.conditions)).flat();
  return rings.map((condition) => ({ ...condition, count: settings.count }));
};

const AGAIN = {
  window: "The window changed its size, so this ring begins anew.",
  left: "You left the window, so this ring begins anew.",
  pointer: "You changed between mouse, pen and touch, so this ring begins anew.",
};

const tell = (title, reason) => (step) => {
  progress.textContent = step
    ? `${title} · ${Math.min(step, settings.count)} of ${settings.count}`
    : title;
  // Nothing is read aloud, and nothing changes in the words, while the hand moves.
  if (!step) said.textContent = reason ?? "Press the filled circle to begin.";
  else if (step === 1) said.textContent = "Press each circle that fills.";
};

// Shows a ring until it is done or stopped; after any other disturbance it begins anew.
const play = async (ring, title, createMarkerOf) => {
  let reason;
  for (;;) {
    const [problem] = misfits([ring], fieldOf());
    const marker = createMarkerOf();
    if (!dialog.open) return { stopped: "stop" };
    if (problem) return { stopped: "small", problem };
    const outcome = await runRing({ dialog, field, ring, marker, onStep: tell(title, reason) });
    if (!(outcome.stopped in AGAIN)) return { ...outcome, block: marker?.block };
    reason = `${AGAIN[outcome.stopped]} Press the filled circle.`;
  }
};

const playAll = async () => {
  const rings = planRings();
  page.planned = rings.length;
  let attempt = 0;
  if (settings.practice) {
    const outcome = await play(rings.at(-1), "Practice", () => null);
    if (outcome.stopped) return outcome;
  }
  for (const [i, ring] of rings.entries()) {
    const condition = { amplitude: ring.amplitude, width: ring.width };
    const createMarkerOf = () => {
      attempt += 1;
      return createMarker({ settings, run: page.run, attempt, condition });
    };
    const outcome = await play(ring, `Ring ${i + 1} of ${rings.length}`, createMarkerOf);
    if (outcome.stopped) return outcome;
    const { movements, doubleTaps, pointer, block } = outcome;
    page.sequences.push({
      block,
      pointer,
      condition,
      ...measureSequence(movements),
      doubleTaps,
      movements,
    });
  }
  return {};
};

const sayStored = (outcome, found) => {
  const line = root.querySelector("[data-stored]");
  line.dataset.stored = outcome;
  line.textContent = writeStored(outcome, found);
};

const askService = async (session) => {
  page.waiting = new AbortController();
  const { signal } = page.waiting;
  const { run, sequences } = page;
  sayStored("waiting");
  const logged = await Promise.race([session, new Promise((done) => setTimeout(done, 15_000))]);
  if (signal.aborted) return;
  const state = readCapture();
  if (!state) return sayStored("missing");
  if (state.connection === "denied") return sayStored("denied");
  if (!logged) return sayStored("offline");
  const url = root.dataset.storedUrl;
  const found = await readStored({ url, session: logged, run, sequences, signal });
  if (signal.aborted) return;
  if (!found) return sayStored(readCapture().connection === "offline" ? "offline" : "late");
  sayStored(found.agrees ? "agrees" : "differs", found);
};

const getResult = () => ({
  run: page.run,
  settings: { ...settings, conditions: undefined },
  planned: page.planned,
  sequences: page.sequences,
});

const show = (state, note = "") => {
  root.dataset.state = state;
  part("intro").hidden = state === "results";
  part("results").hidden = state !== "results";
  root.querySelector("[data-note]").textContent = note;
};

const finish = (outcome, session) => {
  dialog.close();
  if (!page.sequences.length) {
    const note = outcome.problem ?? "You stopped before a ring was done, so there is no number.";
    show("intro", note);
    return root.querySelector("[data-start]").focus();
  }
  show("results");
  showResults(root, getResult());
  root.querySelector("[data-result-heading]").focus();
  askService(session);
};

const start = async () => {
  page.waiting.abort();
  page.run = nameRun();
  page.sequences = [];
  // The log-on goes on beside the first ring; what moves before it is sent afterwards.
  const session = startCapture(settings.participant).catch(() => null);
  dialog.showModal();
  finish(await playAll(), session);
};

const checkFit = () => {
  const problems = faults.length ? faults : misfits(settings.conditions, fieldOf());
  root.querySelector("[data-faults]").replaceChildren(
    ...problems.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
  part("faults").hidden = !problems.length;
  root.querySelector("[data-start]").disabled = problems.length > 0;
};

const describe = () => {
  const rings = settings.conditions.length * settings.repeats;
  const minutes = Math.round(((rings + settings.practice) * (settings.count * 0.9 + 3)) / 60);
  const plan = `${settings.practice ? "A practice ring, then " : ""}${rings} ${rings === 1 ? "ring" : "rings"}`;
  const length = minutes < 1 ? "less than a minute" : `about ${minutes} min`;
  const text = `${plan} of ${settings.count} circles: ${length}.`;
  root.querySelector("[data-plan]").textContent = text;
  root.querySelector("[data-opted-out]").hidden = !readCapture()?.optedOut;
};

const fillForm = () => {
  const form = root.querySelector("[data-settings]");
  const given = new URLSearchParams(location.search);
  const suited = writeQuery(settings);
  for (const input of form.querySelectorAll("input, select"))
    input.value =
      given.get(input.name) ??
      (faults.length ? input.value : (suited.get(input.name) ?? input.value));
  // A link for participants has a study; they see no settings unless something is wrong with them.
  part("settings").hidden = given.has("study") && !given.has("settings") && !faults.length;
  part("settings").open = faults.length > 0 || given.has("settings");
  const link = new URL(`?${suited}`.replaceAll("%2C", ","), location.href).href;
  root.querySelector("[data-link]").textContent = link;
  root.querySelector("[data-link-place]").hidden = faults.length > 0;
};

fillForm();
describe();
checkFit();
show("intro");
listenToCopies();
listenToFiles(root, getResult);
addEventListener("resize", () => !dialog.open && checkFit());
for (const button of root.querySelectorAll("[data-start]")) button.addEventListener("click", start);

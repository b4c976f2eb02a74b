// The trials of a run, written by the tracker and study.js; nothing where these did not load.

import { writeCondition } from "./ring.js";

// The key in the tab's storage of the participant whose instance the tracker would continue.
const OWNER = "pointerscope.participant";

const tracker = () => window.pointerscope;

// The tracker continues the tab's instance. Another participant is another instance.
const partFromOthers = (participant) => {
  try {
    if (sessionStorage.getItem(OWNER) === participant) return;
    for (const key of Object.keys(sessionStorage))
      if (key.startsWith("pointerscope ")) sessionStorage.removeItem(key);
    sessionStorage.setItem(OWNER, participant);
  } catch {} // Storage can be forbidden; the tracker then makes a new instance anyway.
};

// Begins the capture, and resolves to the session once the service has logged it on.
export const startCapture = async (participant) => {
  if (!tracker()?.trial) return null;
  if (tracker().state().connection === "idle") partFromOthers(participant);
  return (await tracker().start({ label: participant || undefined })) ?? null;
};

// Null where the tracker or study.js did not load: nothing is captured then.
export const readCapture = () => (tracker()?.trial ? tracker().state() : null);

// Each run has a name of its own; names sort by time.
export const nameRun = () => new Date().toISOString().replace(/[-:.]/g, "");

// Writes the trials of one ring.
export const createMarker = ({ settings, run, attempt, condition }) => {
  const { study } = settings;
  const names = {
    study,
    block: `${run}-${attempt}`,
    condition: [settings.condition, writeCondition(condition)].filter(Boolean).join(" "),
  };
  return {
    ...names,
    start: (number, from, to) =>
      tracker()?.trial?.({ ...names, trial: number, targets: { from, to } }),
  };
};

// The state of the connection in words: the worse state of sending and reading.

import { writeWhole } from "./numerals.js";

const waiting = (queued) => {
  if (!queued) return "";
  const samples = queued === 1 ? "1 sample waits" : `${writeWhole(queued)} samples wait`;
  return `${samples} here and will be sent.`;
};

const waitingShort = (queued) => (queued ? `${writeWhole(queued)} wait.` : "");

const STATES = {
  connecting: () => ["Connecting", "Logging on to the service."],
  live: () => ["Live", "Numbers come as the pointer moves."],
  polling: () => ["Live", "Numbers come once a second."],
  gone: ({ instance }) => ["Gone", `Last seen ${instance.seen}.`],
  off: ({ instance }) => ["Logged off", `Last seen ${instance.seen}.`],
  stored: () => ["Stored", "Read once; nothing here changes by itself."],
  invalid: () => ["Not a range", "Its start must be a time before its end."],
  offline: ({ queued }) => ["Offline", waiting(queued) || "The service does not answer."],
  error: ({ queued, problem }) => [
    "Server error",
    `Report ${problem.status} ${problem.code ?? "no_code"} if it stays. ${waitingShort(queued)}`,
  ],
  denied: () => ["No access", ""],
  ended: () => ["Link ended", ""],
  unknown: () => ["Not a link", ""],
  missing: () => ["No such instance", ""],
  refused: () => ["Stopped", ""],
  unasked: () => ["Not measuring", "Your browser asks not to be tracked."],
};

// A tracker that is denied has lost its instance. A reader that is denied never had access.
const ofTracker = ({ connection, problem }) => {
  if (connection === "denied" || connection === "stopped") return "refused";
  if (connection === "offline" && problem) return "error";
  return connection === "idle" ? "connecting" : connection;
};

export const ofReading = ({ status }) => {
  if (status === 0) return "offline";
  if (status === 401 || status === 403) return "denied";
  if (status === 400) return "invalid";
  return status === 404 ? "missing" : "error";
};

// Reading and sending fail and recover at different moments; a fault of either is shown.
export const judge = (tracker, failure, isStreaming, instance) => {
  const reached = isStreaming ? "live" : "polling";
  const healthy = instance?.isHere === false ? instance.state : reached;
  if (!tracker) return failure ? ofReading(failure) : healthy;
  const sending = ofTracker(tracker);
  if (sending !== "live") return sending;
  if (!failure) return healthy;
  const reading = ofReading(failure);
  return reading === "denied" || reading === "missing" ? "refused" : reading;
};

const writeText = (element, text) => {
  if (element && element.textContent !== text) element.textContent = text;
};

// A reader of a share link is denied once the link has ended.
const ofReader = (root, state) =>
  state === "denied" && "shared" in root.dataset ? "ended" : state;

export const showConnection = (root, judged, { queued = 0, problem = null, instance } = {}) => {
  const state = ofReader(root, judged);
  const [name, detail] = STATES[state]({ queued, problem: problem ?? {}, instance });
  const chip = document.querySelector(".connection");
  // Set on both, because :has() in the stylesheet costs half of each redraw.
  root.dataset.connection = chip.dataset.connection = state;
  writeText(document.querySelector("[data-connection-name]"), name);
  writeText(document.querySelector("[data-connection-detail]"), detail);
  writeText(document.querySelector("[data-quality-state]"), name.toLowerCase());
  if (problem) {
    const code = `${problem.status} ${problem.code}`;
    writeText(document.querySelector("[data-connection-code]"), code);
  }
};

// A part of the overview: it is read again and again, and says when it is read and what failed.

import { Problem } from "../../dashboard/api.js";
import { describeFault, mayPass } from "../../dashboard/faults.js";

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

const faults = new Map();

// One place tells a screen reader, though several parts may fail at once.
const tell = () => {
  const place = document.querySelector("[data-overview-state]");
  const [text = ""] = faults.values();
  if (place.textContent !== text) place.textContent = text;
};

// `read` is called at once, and again `pauseMs` after it succeeded, while the page is visible.
export const startPart = (root, name, { read, pauseMs = null }) => {
  const place = root.querySelector(`[data-part="${name}"]`);
  const words = place.querySelector("[data-part-state]");
  let timer = 0;
  let pause = FIRST_PAUSE_MS;
  let isDue = true;
  let isReading = false;

  const say = (state, text) => {
    place.dataset.state = state;
    if (words.textContent !== text) words.textContent = text;
    if (text) faults.set(name, text);
    else faults.delete(name);
    tell();
  };

  const later = (wait) => {
    timer = setTimeout(run, wait);
  };

  const run = async () => {
    clearTimeout(timer);
    if (document.hidden || isReading) return;
    isReading = true;
    try {
      await read();
      say("live", "");
      pause = FIRST_PAUSE_MS;
      isDue = pauseMs !== null;
      if (isDue) later(pauseMs);
    } catch (fault) {
      if (!(fault instanceof Problem)) throw fault;
      say("error", describeFault(fault));
      isDue = mayPass(fault);
      if (isDue) later(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    } finally {
      isReading = false;
    }
  };

  document.addEventListener("visibilitychange", () => isDue && run());
  run();
  return run;
};

// Calls that read an instance's rows by pages.

import { readJson } from "../api.js";

export const createRows = ({ apiUrl, instanceId }) => {
  const root = `${apiUrl}browsers/${instanceId}/`;
  const read = (kind, { since, until, ...options }) => {
    const query = new URLSearchParams({
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
    });
    for (const [name, value] of Object.entries(options)) if (value) query.set(name, value);
    return readJson(`${root}${kind}/?${query}`);
  };

  return {
    readEvents: (options) => read("events", options),
    readScenes: (options) => read("scenes", options),
    readMarks: (options) => read("marks", options),
    readStatuses: ({ points, ...options }) => read("statuses", { ...options, max_points: points }),
  };
};

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

// Temporary faults are retried; a wrong address or token is not.
export const mayPass = ({ status }) => status === 0 || status === 429 || status >= 500;

// Pauses between attempts, longer after each fault.
export const createPauses = () => {
  let pause = FIRST_PAUSE_MS;
  return {
    next: () => {
      const length = pause;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      return length;
    },
    reset: () => {
      pause = FIRST_PAUSE_MS;
    },
  };
};

// Returns what the call gives, after as many attempts as it takes; throws what cannot pass.
export const persist = async (call, onFault) => {
  const pauses = createPauses();
  for (;;) {
    try {
      return await call();
    } catch (problem) {
      onFault(problem);
      if (!mayPass(problem)) throw problem;
      await new Promise((resolve) => setTimeout(resolve, pauses.next()));
    }
  }
};

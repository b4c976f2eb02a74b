// The state of an instance beside its name, in the same words as in the list.

import { writeMoment, writeZone } from "./numerals.js";

const PAUSE_MS = 10_000;

const WORDS = {
  moving: () => "Moving",
  resting: (seen) => `Resting, last seen ${seen}`,
  gone: (seen) => `Gone, last seen ${seen}`,
  off: (seen) => `Logged off, last seen ${seen}`,
};

const writeSeen = ({ seen_at: seen }) => {
  const time = Date.parse(seen);
  return `${writeMoment(time)} ${writeZone(time)}`;
};

const show = (place, instance) => {
  if (!place) return;
  const text = WORDS[instance.state](writeSeen(instance));
  place.dataset.state = instance.state;
  if (place.textContent !== text) place.textContent = text;
};

const HERE = ["moving", "resting"];

// Reads the instance every ten seconds while the page is visible, and passes it to `onRead`.
export const followInstance = ({ api, source, onRead = () => {} }) => {
  const place = document.querySelector("[data-instance-state]");
  let timer = 0;

  const read = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const instance = await api.fetchInstance(source);
      show(place, instance);
      onRead({
        isHere: HERE.includes(instance.state),
        state: instance.state,
        seen: writeSeen(instance),
      });
    } catch {} // The reader of the series shows the fault.
    clearTimeout(timer);
    timer = setTimeout(read, PAUSE_MS);
  };

  document.addEventListener("visibilitychange", read);
  read();
};

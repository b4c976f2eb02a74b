// The ticks below a chart: round times, or ages in a sliding window.

const PX_A_TICK = 88;
// A label is centred on its tick, and must stay inside the card.
const LEAST_PX_TO_THE_END = 16;
const AGES = 4;

// Ticks for this many seconds, from the oldest to now, at any width.
export const agesOf = (count) => () =>
  Array.from({ length: AGES + 1 }, (_, i) => {
    const age = count - (i * count) / AGES;
    return { share: i / AGES, text: age ? `\u2212${age} s` : "now" };
  });

const createTick = ({ share, text }) => {
  const tick = document.createElement("span");
  tick.style.setProperty("--share", share);
  tick.textContent = text;
  return tick;
};

// `listTicks` takes the number that fits, and returns each tick's text and its place (0 to 1).
export const createTimeAxis = (plot, listTicks) => {
  const place = plot.querySelector("[data-time-axis]");
  let drawn = 0;

  return (width) => {
    if (width === drawn) return;
    drawn = width;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const most = Math.max(2, Math.floor((width * 16) / rem / PX_A_TICK));
    const fits = ({ share }) => share === 1 || (1 - share) * width >= LEAST_PX_TO_THE_END;
    place.replaceChildren(...listTicks(most).filter(fits).map(createTick));
  };
};

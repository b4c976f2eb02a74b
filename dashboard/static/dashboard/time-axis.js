// The marks below a chart: round times, or ages where the window slides.

const PX_A_TICK = 88;
// A label is in the middle of its mark, and must not leave the card.
const LEAST_PX_TO_THE_END = 16;
const AGES = 4;

// The marks of a span of `count` seconds, from the oldest to now, at any width.
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

// `listTicks` gets how many fit, and says where in the window each is (0 to 1), and its text.
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

// The upper end of a y axis. It grows at once and shrinks slowly, so that it does not jump about.

const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
const INTERVALS = 4;
const PATIENCE = 6;

const roundUp = (step) => {
  const power = 10 ** Math.floor(Math.log10(step));
  return STEPS.find((factor) => factor * power >= step * 0.999999) * power;
};

// A signed axis has half of its intervals on either side of zero.
export const createAxis = ({ least, signed }) => {
  const steps = signed ? INTERVALS / 2 : INTERVALS;
  let step = roundUp(least / steps);
  let calm = 0;

  return {
    intervals: INTERVALS,
    max: () => step * steps,
    min: () => (signed ? -step * steps : 0),

    fit: (values) => {
      const highest = values.reduce((top, value) => Math.max(top, Math.abs(value)), least);
      const wanted = roundUp(highest / steps);
      calm = wanted < step ? calm + 1 : 0;
      if (wanted < step && calm < PATIENCE) return;
      // Shrink by one round step at a time.
      step = wanted < step ? Math.max(wanted, roundUp(step * 0.6)) : wanted;
      calm = 0;
    },
  };
};

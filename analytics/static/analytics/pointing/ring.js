// A ring of targets by ISO 9241-411: each movement crosses it to the target opposite.

// Around the ring, so that nothing touches the field's edge.
export const MARGIN = 8;
export const BAR_REM = 3.5;

export const writeCondition = ({ amplitude, width }) => `A${amplitude} W${width}`;

// The ring's targets in the order in which they are pressed. Their number is odd, so that a step of
// half the ring visits each and ends at the first.
export const orderOf = (count) =>
  Array.from({ length: count }, (_, i) => ((i * (count + 1)) / 2) % count);

// The centres in the field, in CSS px; the first is on top.
export const centresOf = ({ count, amplitude, field }) =>
  Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count - Math.PI / 2;
    return [
      field[0] / 2 + (amplitude / 2) * Math.cos(angle),
      field[1] / 2 + (amplitude / 2) * Math.sin(angle),
    ];
  });

// How far apart the centres of two neighbours are.
export const gapOf = ({ count, amplitude }) => amplitude * Math.sin(Math.PI / count);

export const spaceOf = ({ amplitude, width }) => amplitude + width + 2 * MARGIN;

// The size of the field in this window: all of it below the bar.
export const fieldOf = () => {
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  return [innerWidth, Math.floor(innerHeight - BAR_REM * rem)];
};

const MOST_AMPLITUDE = 800;
const toGrid = (length) => Math.max(4, Math.round(length / 4) * 4);

// Two amplitudes that suit the window.
export const suggestAmplitudes = (field) => {
  const large = Math.min(MOST_AMPLITUDE, toGrid(Math.min(...field) * 0.78 - 4));
  return [toGrid(large * 0.6), large];
};

// One or two widths that suit these amplitudes, smaller for a mouse than for a finger.
export const suggestWidths = ({ amplitudes, count, isCoarse }) => {
  const large = Math.max(...amplitudes);
  const most = 0.9 * gapOf({ count, amplitude: Math.min(...amplitudes) });
  const widths = (isCoarse ? [large / 12, large / 8] : [large / 16, large / 8]).map((width) =>
    toGrid(Math.min(width, most)),
  );
  return [...new Set(widths)];
};

// What does not fit the window, in words; empty if everything fits.
export const misfits = (conditions, field) => {
  const [width, height] = field;
  const most = Math.max(...conditions.map(spaceOf));
  if (most <= Math.min(width, height)) return [];
  const widest = conditions.find((condition) => spaceOf(condition) === most);
  return [
    `A ring of ${widest.amplitude} px with targets of ${widest.width} px needs ${most} × ${most} px, ` +
      `and this window has room for ${width} × ${height} px. Make the window larger or zoom out.`,
  ];
};

// Throughput of pointing at targets (ISO 9241-411), as docs/metrics.md defines it and the service
// computes it from stored trials. Lengths are CSS px, times s; y grows downwards.
//
// A movement has `source`, `target` and `selected` ([x, y]), `width` and `time`.

const WIDTH_SDS = Math.sqrt(2 * Math.PI * Math.E);

export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

const deviation = (values) => {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
};

// Where a movement ended, from its target's centre: along the axis, and on the right of travel.
export const endPoint = ({ source, target, selected }) => {
  const [across, down] = [target[0] - source[0], target[1] - source[1]];
  const distance = Math.hypot(across, down);
  const [x, y] = [selected[0] - target[0], selected[1] - target[1]];
  return {
    distance,
    overshoot: (x * across + y * down) / distance,
    aside: (y * across - x * down) / distance,
  };
};

export const isError = (movement) => {
  const { overshoot, aside } = endPoint(movement);
  return Math.hypot(overshoot, aside) > movement.width / 2;
};

const effectiveWidth = (ends) =>
  ends.length < 2 ? null : WIDTH_SDS * deviation(ends.map(({ overshoot }) => overshoot));

// A serial task: each movement begins where the last one ended, so that overshoot is added.
const effectiveAmplitude = (ends) =>
  mean(
    ends.map(({ distance, overshoot }, i) => distance + overshoot + (ends[i - 1]?.overshoot ?? 0)),
  );

const difficultyOf = (amplitude, width) =>
  !width || amplitude <= 0 ? null : Math.log2(amplitude / width + 1);

// The numbers of one participant's movements in one ring; null where they are not defined.
export const measureSequence = (movements) => {
  const ends = movements.map(endPoint);
  const errors = movements.filter(isError).length;
  const movementTime = mean(movements.map(({ time }) => time));
  const amplitude = effectiveAmplitude(ends);
  const width = effectiveWidth(ends);
  const difficulty = difficultyOf(amplitude, width);
  return {
    trials: movements.length,
    errors,
    errorRate: errors / movements.length,
    movementTime,
    amplitude,
    width,
    difficulty,
    throughput: difficulty === null || movementTime <= 0 ? null : difficulty / movementTime,
  };
};

// Student's t for 95 %, by degrees of freedom from 1 on.
const T_95 = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788,
  2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093, 2.086, 2.0796, 2.0739, 2.0687, 2.0639,
  2.0595, 2.0555, 2.0518, 2.0484, 2.0452,
];

export const MOST_SEQUENCES = T_95.length + 1;

// The mean of the sequences' throughputs; movements are never pooled. The interval is that of the
// mean of such sequences (95 %), null for fewer than two.
export const summarise = (sequences) => {
  const rates = sequences.map(({ throughput }) => throughput).filter((rate) => rate !== null);
  if (!rates.length) return { throughput: null, interval: null };
  const throughput = mean(rates);
  if (rates.length < 2) return { throughput, interval: null };
  const reach = (T_95[rates.length - 2] * deviation(rates)) / Math.sqrt(rates.length);
  return { throughput, interval: [throughput - reach, throughput + reach] };
};

// The samples around the play head, in the order of their keys: a ring of typed arrays, in which
// the newest overwrite the oldest. Its memory is the same for a minute and for a day.

// 2.8 MB, and 17 minutes at 125 Hz.
export const CAPACITY = 2 ** 17;

// Times are ms with microseconds as decimals; Date reads and writes whole ms only.
export const toMs = (text) => Date.parse(text) + Number(text.slice(23, 26)) / 1000;

export const toText = (time) => {
  const us = Math.round(time * 1000);
  const rest = String(us % 1000).padStart(3, "0");
  return new Date(Math.floor(us / 1000)).toISOString().replace("Z", `${rest}Z`);
};

export const createSamples = (capacity = CAPACITY) => {
  const mask = capacity - 1;
  const times = new Float64Array(capacity);
  const seqs = new Int32Array(capacity);
  const xs = new Float32Array(capacity);
  const ys = new Float32Array(capacity);
  const enters = new Uint8Array(capacity);
  // Places count on without end; a place's slot in the arrays is its lowest bits.
  let first = 0;
  let end = 0;

  const put = ({ time, seq, x, y, enter }) => {
    const slot = end & mask;
    times[slot] = toMs(time);
    seqs[slot] = seq;
    xs[slot] = x;
    ys[slot] = y;
    enters[slot] = enter ? 1 : 0;
    end += 1;
    first = Math.max(first, end - capacity);
  };

  return {
    clear: () => {
      first = end;
    },
    append: (events) => {
      for (const event of events) put(event);
    },
    first: () => first,
    end: () => end,
    timeAt: (place) => times[place & mask],

    at: (place) => {
      const slot = place & mask;
      return {
        time: times[slot],
        seq: seqs[slot],
        x: xs[slot],
        y: ys[slot],
        enter: enters[slot] === 1,
      };
    },

    // The place of the last sample at or before a time; first() - 1 if there is none.
    placeAt: (time) => {
      let [low, high] = [first, end];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (times[middle & mask] <= time) low = middle + 1;
        else high = middle;
      }
      return low - 1;
    },
  };
};

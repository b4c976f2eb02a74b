// The time that is shown, in ms. While it plays it follows the samples' own times.

export const SPEEDS = [0.5, 1, 2, 4, 8, 16];

// A rest longer than this is a pause, of which skipping leaves the first part.
export const PAUSE_MS = 1000;
const KEPT_MS = 500;

export const createPlayHead = ({ samples, since, until }) => {
  let time = since;
  let isPlaying = false;
  let isWaiting = false;
  let speed = 1;
  let skips = true;

  // Where the head is `step` ms later, if pauses are cut.
  const skipTo = (step, limit) => {
    let at = time;
    let left = step;
    let place = samples.placeAt(at);
    while (left > 0 && at < limit) {
      const last = place >= samples.first() ? samples.timeAt(place) : Number.NEGATIVE_INFINITY;
      const next = place + 1 < samples.end() ? samples.timeAt(place + 1) : limit;
      if (next - last > PAUSE_MS && at + left > last + KEPT_MS) {
        left -= Math.max(0, last + KEPT_MS - at);
        at = next;
      } else {
        const way = Math.min(left, next - at);
        at += way;
        left -= way;
      }
      place += 1;
    }
    return Math.min(at, limit);
  };

  return {
    time: () => time,
    speed: () => speed,
    skips: () => skips,
    isPlaying: () => isPlaying,
    isWaiting: () => isWaiting,
    setSpeed: (wanted) => {
      speed = SPEEDS.includes(wanted) ? wanted : 1;
    },
    setSkips: (wanted) => {
      skips = wanted;
    },
    play: () => {
      isPlaying = time < until;
    },
    pause: () => {
      isPlaying = isWaiting = false;
    },
    seek: (wanted) => {
      time = Math.min(until, Math.max(since, wanted));
    },

    // Moves on by a frame's length, as far as everything has been read.
    advance: (elapsed, covered) => {
      if (!isPlaying) return;
      const limit = Math.min(until, covered);
      const step = elapsed * speed;
      const wanted = skips ? skipTo(step, limit) : time + step;
      isWaiting = wanted >= limit && covered < until;
      time = Math.max(time, Math.min(wanted, limit));
      if (time >= until) isPlaying = false;
    },
  };
};

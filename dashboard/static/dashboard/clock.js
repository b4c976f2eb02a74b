// The service's time, told by this browser's monotonic clock and a measured offset.

const PROBES = 3;

export const browserTime = () => performance.timeOrigin + performance.now();

export const createClock = (offset) => ({
  now: () => browserTime() + offset,
  // The tracker tells times by the browser's clock.
  at: (time) => time + offset,
});

const probe = async (api) => {
  const sent = browserTime();
  const { server_time: time } = await api.fetchTime();
  const took = browserTime() - sent;
  return { took, offset: Date.parse(time) - sent - took / 2 };
};

// A slow answer hides when it was made, so of several the quickest counts.
export const measureOffset = async (api) => {
  let best = await probe(api);
  for (let i = 1; i < PROBES; i++) {
    const next = await probe(api);
    if (next.took < best.took) best = next;
  }
  return best.offset;
};

// The service's time, computed from this browser's monotonic clock and a measured offset.

const PROBES = 3;

export const browserTime = () => performance.timeOrigin + performance.now();

export const createClock = (offset) => ({
  now: () => browserTime() + offset,
  // Converts the tracker's times, which use the browser's clock.
  at: (time) => time + offset,
});

const probe = async (api) => {
  const sent = browserTime();
  const { server_time: time } = await api.fetchTime();
  const took = browserTime() - sent;
  return { took, offset: Date.parse(time) - sent - took / 2 };
};

// A slow answer leaves its time of origin uncertain, so the fastest of several counts.
export const measureOffset = async (api) => {
  let best = await probe(api);
  for (let i = 1; i < PROBES; i++) {
    const next = await probe(api);
    if (next.took < best.took) best = next;
  }
  return best.offset;
};

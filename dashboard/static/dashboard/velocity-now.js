// The velocity of this page's own pointer over the last second, before anything is sent.

const SPAN_MS = 1000;

export const createVelocityNow = () => {
  let previous = null;
  let segments = [];

  return {
    // Dated by arrival: a sample's own time moves when the service's clock becomes known.
    add: (sample) => {
      if (previous && !sample.enter) {
        const distance = Math.hypot(sample.x - previous.x, sample.y - previous.y);
        segments.push({ arrival: performance.now(), distance });
      }
      previous = sample;
    },

    read: () => {
      const from = performance.now() - SPAN_MS;
      segments = segments.filter(({ arrival }) => arrival > from);
      const distance = segments.reduce((sum, segment) => sum + segment.distance, 0);
      return (distance * 1000) / SPAN_MS;
    },
  };
};

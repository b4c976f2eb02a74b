// The velocity of this page's own pointer over the last second, from samples before they are sent.

const SPAN_MS = 1000;

export const createVelocityNow = () => {
  let previous = null;
  let segments = [];

  return {
    // Uses the arrival time: a sample's own time shifts once the service's clock is known.
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

// The charts of a series that was read whole, with round times below them.

import { loadChartLibrary } from "./chart-library.js";
import { createCharts } from "./charts.js";
import { roundTicks } from "./ticks.js";

// Returns a function that lists the ticks below these rows, at most as many as it is told.
export const ticksOf = (rows, interval) => {
  const first = rows[0].time;
  const length = rows.length * interval;
  return (most) =>
    roundTicks(first, first + length, most).map(({ time, text }) => ({
      share: (time - first) / length,
      text,
    }));
};

// Returns a function that draws further rows. Without the library it does nothing.
export const drawCharts = async (root, figures, { rows, listTicks }) => {
  try {
    const ApexCharts = await loadChartLibrary(root.dataset);
    const draw = await createCharts(ApexCharts, figures, rows, { listTicks });
    root.dataset.charts = "ready";
    return draw;
  } catch (fault) {
    root.dataset.charts = "missing";
    if (fault instanceof Error && fault.message !== "no address") console.warn(fault);
    return () => {};
  }
};

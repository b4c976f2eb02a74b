// The charts. ApexCharts draws them and keeps only the current window.
//
// The stylesheet sets the colours, reading.js the legend and readings, time-axis.js the time axis.

import { createAxis } from "./axis.js";
import { writeWhole } from "./numerals.js";
import { agesOf, createTimeAxis } from "./time-axis.js";

const LEAST_LABEL_REMS = 3.4;
const DIGIT_REMS = 0.5;

export const SERIES = {
  velocity: { types: { average: "area", peak: "line" }, width: [1.5, 1.5], least: 400 },
  distance: { types: { distance: "bar" }, width: [0], least: 400 },
  travel: {
    types: { netX: "line", netY: "line" },
    width: [2, 2],
    dash: [0, 4],
    least: 200,
    signed: true,
  },
  // Of all instances together.
  instances: { types: { instances: "bar" }, width: [0], least: 4, isCount: true },
  active: { types: { active: "area" }, width: [2], least: 400 },
};

const hiddenTimeAxis = (count) => ({
  type: "numeric",
  min: -count,
  max: 0,
  labels: { show: false },
  axisBorder: { show: false },
  axisTicks: { show: false },
  crosshairs: { show: false },
  tooltip: { enabled: false },
});

// The font grows with very wide windows, and labels grow with their values.
const labelWidth = (axis) => {
  const longest = Math.max(writeWhole(axis.min()).length, writeWhole(axis.max()).length);
  const rems = Math.max(LEAST_LABEL_REMS, (longest + 1) * DIGIT_REMS);
  return rems * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
};

const writeCount = (value) => (value % 1 ? "" : writeWhole(value));

const valueAxis = (axis, { isCount }) => ({
  min: axis.min,
  max: axis.max,
  tickAmount: axis.intervals,
  labels: {
    formatter: isCount ? writeCount : writeWhole,
    minWidth: labelWidth(axis),
    maxWidth: labelWidth(axis),
  },
});

// Fits the labels' width now; the returned function fits it again.
const createLabelFit = (chart, axis, spec) => {
  let width = labelWidth(axis);
  const fit = () => {
    if (width === labelWidth(axis)) return;
    width = labelWidth(axis);
    chart.updateOptions({ yaxis: valueAxis(axis, spec) }, false, false);
  };
  addEventListener("resize", fit);
  return fit;
};

const toOptions = ({ types, width, dash = 0, isCount }, axis, series, onDrawn) => ({
  chart: {
    // Called after each drawing, also after a resize of the window.
    events: { mounted: onDrawn, updated: onDrawn },
    type: Object.values(types)[0],
    height: "100%",
    fontFamily: "inherit",
    animations: { enabled: false },
    toolbar: { show: false },
    zoom: { enabled: false },
    selection: { enabled: false },
    parentHeightOffset: 0,
  },
  series,
  stroke: { curve: "straight", width, dashArray: dash },
  fill: { type: "solid" },
  plotOptions: { bar: { columnWidth: "70%" } },
  dataLabels: { enabled: false },
  markers: { size: 0, hover: { size: 0 } },
  states: { hover: { filter: { type: "none" } }, active: { filter: { type: "none" } } },
  legend: { show: false },
  tooltip: { enabled: false },
  grid: { padding: { top: -12, right: 4, bottom: 16, left: 4 } },
  xaxis: hiddenTimeAxis(series[0].data.length),
  yaxis: valueAxis(axis, { isCount }),
});

// Positions relative to the window's end, in the middle of each bucket: only the data move.
const toPoints = (rows, name) => rows.map((row, i) => ({ x: i + 0.5 - rows.length, y: row[name] }));

const toSeries = ({ types }, rows) =>
  Object.entries(types).map(([name, type]) => ({ name, type, data: toPoints(rows, name) }));

const place = (plot, { w }) => {
  plot.style.setProperty("--left", `${w.globals.translateX}px`);
  plot.style.setProperty("--width", `${w.globals.gridWidth}px`);
};

const shownNames = (figure, { types }) => {
  const hidden = (figure.dataset.hides ?? "").split(" ");
  return Object.keys(types).filter((name) => !hidden.includes(name));
};

const createChart = async (ApexCharts, figure, rows, listTicks) => {
  const spec = SERIES[figure.dataset.chart];
  const plot = figure.querySelector("[data-plot]");
  const axis = createAxis(spec);
  const fit = (latest) =>
    axis.fit(shownNames(figure, spec).flatMap((name) => latest.map((row) => row[name] ?? 0)));
  fit(rows);
  const drawing = figure.querySelector("[data-drawing]");
  const drawTimeAxis = createTimeAxis(plot, listTicks);
  const onDrawn = (drawn) => {
    place(plot, drawn);
    drawTimeAxis(drawn.w.globals.gridWidth);
  };
  const options = toOptions(spec, axis, toSeries(spec, rows), onDrawn);
  const chart = new ApexCharts(drawing, options);
  plot.style.setProperty("--buckets", rows.length);
  await chart.render();
  const fitLabels = createLabelFit(chart, axis, spec);
  return (latest) => {
    fit(latest);
    fitLabels();
    return chart.updateSeries(toSeries(spec, latest), false);
  };
};

// Each drawing is a task of its own, so that pointer events never wait for all three.
const pause = () => new Promise((resolve) => setTimeout(resolve));

export const createCharts = async (
  ApexCharts,
  figures,
  rows,
  { listTicks = agesOf(rows.length), onDrawn = () => {} } = {},
) => {
  const draws = await Promise.all(
    figures.map((figure) => createChart(ApexCharts, figure, rows, listTicks)),
  );
  let next = null;
  let isDrawing = false;

  const drawAll = async (latest) => {
    for (const draw of draws) {
      await draw(latest);
      if (draw === draws[0]) onDrawn(latest);
      await pause();
    }
  };

  // Rows that arrive during a drawing replace those that wait, so that the charts do not fall
  // behind.
  return async (latest) => {
    next = latest;
    if (isDrawing) return;
    isDrawing = true;
    while (next) {
      const due = next;
      next = null;
      await drawAll(due);
    }
    isDrawing = false;
  };
};

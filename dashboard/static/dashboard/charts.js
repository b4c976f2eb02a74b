// The three charts: ApexCharts draws, and keeps no more than the window it is given.
//
// Colours come from the stylesheet, legend and readings from reading.js.

import { createAxis } from "./axis.js";
import { writeAxis } from "./numerals.js";

const LABEL_REMS = 3.4;

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
};

const writeAge = (value) => (Number(value) === 0 ? "now" : `\u2212${Math.abs(value)} s`);

const timeAxis = (count, writeTick) => ({
  type: "numeric",
  min: -count,
  max: 0,
  tickAmount: 4,
  labels: { formatter: writeTick, hideOverlappingLabels: false, rotate: 0 },
  axisBorder: { show: false },
  axisTicks: { show: false },
  crosshairs: { show: false },
  tooltip: { enabled: false },
});

const labelWidth = () =>
  LABEL_REMS * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

const valueAxis = (axis) => ({
  min: axis.min,
  max: axis.max,
  tickAmount: axis.intervals,
  labels: { formatter: writeAxis, minWidth: labelWidth(), maxWidth: labelWidth() },
});

// Letters grow with very wide windows, and a window can come from a small screen to a large one.
const refitLabels = (chart, axis) => {
  let width = labelWidth();
  addEventListener("resize", () => {
    if (width === labelWidth()) return;
    width = labelWidth();
    chart.updateOptions({ yaxis: valueAxis(axis) }, false, false);
  });
};

// The last label is as wide to the right of the end as to its left.
const edge = (write) => (write === writeAge ? -8 : write(0).length * 4);

const toOptions = ({ types, width, dash = 0 }, axis, series, time, onDrawn) => ({
  chart: {
    // After each drawing, one that follows the window's size included.
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
  grid: { padding: { top: -12, right: edge(time.labels.formatter), bottom: 0, left: 4 } },
  xaxis: time,
  yaxis: valueAxis(axis),
});

// Buckets before the end of the window, in the middle of each: the axis never moves, the data do.
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

const createChart = async (ApexCharts, figure, rows, writeTick) => {
  const spec = SERIES[figure.dataset.chart];
  const plot = figure.querySelector("[data-plot]");
  const axis = createAxis(spec);
  const fit = (latest) =>
    axis.fit(shownNames(figure, spec).flatMap((name) => latest.map((row) => row[name] ?? 0)));
  fit(rows);
  const drawing = figure.querySelector("[data-drawing]");
  const time = timeAxis(rows.length, writeTick);
  const onDrawn = (drawn) => place(plot, drawn);
  const options = toOptions(spec, axis, toSeries(spec, rows), time, onDrawn);
  const chart = new ApexCharts(drawing, options);
  plot.style.setProperty("--buckets", rows.length);
  await chart.render();
  refitLabels(chart, axis);
  return (latest) => {
    fit(latest);
    return chart.updateSeries(toSeries(spec, latest), false);
  };
};

// Each drawing is a task of its own, so that the pointer's events never wait for all three.
const pause = () => new Promise((resolve) => setTimeout(resolve));

export const createCharts = async (
  ApexCharts,
  figures,
  rows,
  { writeTick = writeAge, onDrawn = () => {} } = {},
) => {
  const draws = await Promise.all(
    figures.map((figure) => createChart(ApexCharts, figure, rows, writeTick)),
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

  // What comes while all three are drawn replaces what waits, so that none falls behind.
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

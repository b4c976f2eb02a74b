// The tiles and charts of all instances together, read again each minute.

import { readJson } from "../../dashboard/api.js";
import { listenToLegends } from "../../dashboard/legend.js";
import {
  NOTHING,
  partsOfSpan,
  timeWriter,
  writeLength,
  writeRange,
  writeWhole,
} from "../../dashboard/numerals.js";
import { createReading } from "../../dashboard/reading.js";
import { drawCharts, ticksOf } from "../../dashboard/stored-charts.js";
import { createTables } from "../../dashboard/tables.js";
import { createTiles } from "../../dashboard/tiles.js";
import { createTimeAxis } from "../../dashboard/time-axis.js";
import { startPart } from "./part.js";

const PAUSE_MS = 60_000;
const PX_A_POINT = 4;
const MAX_POINTS = 500;

const toRow = ({ time, instances, events, distance, peak, moving }) => ({
  time: Date.parse(time),
  instances,
  events,
  distance,
  peak,
  moving,
  active: moving > 0 ? distance / moving : 0,
});

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

const writeSpan = (seconds) =>
  partsOfSpan(seconds)
    .map((part) => part.join(" "))
    .join(" ");

const showTiles = (root, rows, { instances }) => {
  const tiles = createTiles(root);
  const [distance, moving, events] = ["distance", "moving", "events"].map((name) =>
    sum(rows, name),
  );
  tiles.showTotal({ distance, moving, events });
  tiles.showPeak(rows);
  const put = (name, text) => {
    root.querySelector(`[data-tile="${name}"]`).textContent = text;
  };
  put("instances", writeWhole(instances));
  put("most", writeWhole(Math.max(...rows.map((row) => row.instances))));
  put("each", instances ? writeSpan(moving / instances) : NOTHING);
};

const showWords = (root, { interval, since, until }) => {
  const length = writeLength(interval);
  root.querySelector("[data-range-words]").textContent =
    `${writeRange(since, until)}, ${length} buckets`;
  for (const place of root.querySelectorAll("[data-bucket-length]")) place.textContent = length;
};

export const startSeries = (root) => {
  const { seriesUrl, range } = root.dataset;
  const figures = [...root.querySelectorAll("[data-chart]")];
  const points = Math.min(MAX_POINTS, Math.max(50, Math.round(root.clientWidth / PX_A_POINT)));
  // What shows the rows, from the first answer on; the number of buckets stays the same.
  let shows = null;
  let latest = [];

  const create = (rows, { since, until, interval }) => {
    const writeTime = timeWriter({ since, until, interval });
    const fill = createTables(figures, writeTime);
    const reading = createReading(figures, root, { writeTime, slides: false });
    let listTicks = ticksOf(rows, interval);
    const drawn = drawCharts(root, figures, { rows, listTicks: (most) => listTicks(most) });
    drawn.then((draw) => listenToLegends(figures, () => draw(latest)));

    // A chart draws its ticks only when its width changes; here the time moves on as well.
    const drawTicks = () => {
      for (const plot of figures.map((figure) => figure.querySelector("[data-plot]"))) {
        const width = Number.parseFloat(plot.style.getPropertyValue("--width"));
        if (width) createTimeAxis(plot, listTicks)(width);
      }
    };

    return (next) => {
      listTicks = ticksOf(next, interval);
      fill(next);
      reading(next);
      drawn.then((draw) => draw(next)).then(drawTicks);
    };
  };

  const read = async () => {
    const query = new URLSearchParams({ range, max_points: points });
    const answer = await readJson(`${seriesUrl}?${query}`);
    const [since, until] = [answer.since, answer.until].map((time) => Date.parse(time));
    const span = { since, until, interval: answer.interval_ms };
    latest = answer.buckets.map(toRow);
    root.toggleAttribute("data-empty", !sum(latest, "events"));
    root.dataset.connection = "stored";
    showTiles(root, latest, answer);
    showWords(root, span);
    shows ??= create(latest, span);
    shows(latest);
  };

  startPart(root, "series", { read, pauseMs: PAUSE_MS });
};

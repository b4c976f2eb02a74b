// One instance in a past range, read once and drawn once.

import { createApi } from "./api.js";
import { browserTime, measureOffset } from "./clock.js";
import { ofReading, showConnection } from "./connection.js";
import { listenToCopies } from "./copy.js";
import { mayPass } from "./faults.js";
import { followInstance } from "./instance.js";
import { listenToLegends } from "./legend.js";
import { timeWriter, writeDuration, writeLength, writeRange } from "./numerals.js";
import { offerShare } from "./offer-share.js";
import { openShare } from "./open-share.js";
import { createQuality } from "./quality.js";
import { createReading } from "./reading.js";
import { fillSpan } from "./span.js";
import { drawCharts, ticksOf } from "./stored-charts.js";
import { createTables } from "./tables.js";
import { createTiles } from "./tiles.js";

const MAX_POINTS = 500;
const PX_A_POINT = 3;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;

const root = document.querySelector("[data-live]");
const figures = [...root.querySelectorAll("[data-chart]")];
const api = createApi(root.dataset.apiUrl);

// Throws a RangeError if the address holds no valid times.
const readRange = async ({ rangeSeconds, since, until }) => {
  if (!rangeSeconds) return { since: parse(since), until: parse(until) };
  const now = Math.ceil(browserTime() + (await measureOffset(api).catch(() => 0)));
  return { since: now - rangeSeconds * 1000, until: now };
};

// The address's interval, as in a shared link, or else one that fits this screen.
const chosenInterval = () => {
  const { chosenInterval: interval } = root.dataset;
  if (interval) return { interval };
  const points = Math.min(MAX_POINTS, Math.round(root.clientWidth / PX_A_POINT));
  return { interval: "auto", points };
};

// The address then shows the same curve on a screen of any width.
const keepInAddress = (interval) => {
  const address = new URL(location);
  const { range } = root.dataset;
  if (range !== "custom") address.searchParams.set("range", range);
  address.searchParams.set("interval", interval);
  history.replaceState(null, "", address);
};

const parse = (text) => Date.parse(new Date(text).toISOString());

const sum = (rows, name) => rows.reduce((total, row) => total + (row[name] ?? 0), 0);

const showTiles = (rows, seconds) => {
  const tiles = createTiles(root);
  const [distance, moving, events] = ["distance", "moving", "events"].map((name) =>
    sum(rows, name),
  );
  tiles.showTotal({ distance, moving, events }, seconds);
  tiles.showVelocity(moving > 0 ? distance / moving : null);
  tiles.showPeak(rows);
};

const showWords = (length, { since, until }) => {
  const text = `${writeRange(since, until)}, ${length} buckets`;
  root.querySelector("[data-interval]").textContent = text;
  for (const place of root.querySelectorAll("[data-bucket-length]")) place.textContent = length;
};

const show = async (answer, { since, until }) => {
  const rows = fillSpan(answer);
  const interval = answer.interval_ms;
  const writeTime = timeWriter({ since, until, interval });
  root.toggleAttribute("data-empty", !answer.statuses.length);
  root.toggleAttribute("data-settled", !root.dataset.rangeSeconds);
  showTiles(rows, (until - since) / 1000);
  showWords(writeLength(interval), { since, until });
  createTables(figures, writeTime)(rows);
  createReading(figures, root, { writeTime, slides: false })(rows);
  root.dispatchEvent(new CustomEvent("rows", { detail: { rows, interval } }));
  showConnection(root, "stored");
  const draw = await drawCharts(root, figures, { rows, listTicks: ticksOf(rows, interval) });
  listenToLegends(figures, () => draw(rows));
};

const start = async (pause = FIRST_PAUSE_MS) => {
  const { instanceId } = root.dataset;
  try {
    const range = await readRange(root.dataset);
    Object.assign(root.dataset, { from: range.since, to: range.until });
    const began = browserTime();
    const answer = await api.fetchStatuses({ instanceId, ...range, ...chosenInterval() });
    createQuality(root)(null, browserTime() - began);
    keepInAddress(writeDuration(answer.interval_ms));
    await show(answer, range);
  } catch (fault) {
    const problem = fault instanceof RangeError ? { status: 400, code: "invalid" } : fault;
    showConnection(root, problem.status === undefined ? "error" : ofReading(problem), { problem });
    if (problem.status === undefined) throw fault;
    if (mayPass(problem)) setTimeout(start, pause, Math.min(2 * pause, LONGEST_PAUSE_MS));
  }
};

listenToCopies();
const { instanceId } = root.dataset;
const source = { instanceId };
// Opens a share link in the address, if there is one; the page does not say if it has ended.
openShare(root);
offerShare(root, source);
followInstance({ api, source });
start();

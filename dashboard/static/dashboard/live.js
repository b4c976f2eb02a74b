// The live page: connects the pointer's tracker, the series read from the API, and the display.

import { createApi } from "./api.js";
import { fillWindow, SECOND_MS, windowStart } from "./buckets.js";
import { loadChartLibrary } from "./chart-library.js";
import { createCharts } from "./charts.js";
import { createClock, measureOffset } from "./clock.js";
import { judge, showConnection } from "./connection.js";
import { listenToCopies } from "./copy.js";
import { createLag } from "./lag.js";
import { listenToLegends } from "./legend.js";
import { offerShare } from "./offer-share.js";
import { createPath } from "./path.js";
import { startPolling } from "./poll.js";
import { createLateness, createQuality, createRate } from "./quality.js";
import { createReading } from "./reading.js";
import { followStream } from "./stream.js";
import { createTables } from "./tables.js";
import { createTiles } from "./tiles.js";
import { createVelocityNow } from "./velocity-now.js";
import { startVisit } from "./visit.js";

const TICK_MS = 200;

const root = document.querySelector("[data-live]");
const figures = [...root.querySelectorAll("[data-chart]")];
const api = createApi(root.dataset.apiUrl);
const tiles = createTiles(root);
const showQuality = createQuality(root);
const rate = createRate();
const lateness = createLateness();
const fillTables = createTables(figures);
const showReading = createReading(figures, root);
const NEVER = Number.POSITIVE_INFINITY;
const page = {
  rows: [],
  failure: null,
  readTime: null,
  isStreaming: false,
  draw: () => {},
  last: null,
  lag: null,
  instance: null,
};

const showRows = (buckets, now, known) => {
  const rows = fillWindow(buckets, now, known);
  page.rows = rows;
  page.last = { buckets, known };
  page.draw(rows);
  root.toggleAttribute("data-empty", !rows.some(({ events }) => events));
  fillTables(rows);
  showReading(rows);
  tiles.showPeak(rows);
  root.dispatchEvent(new CustomEvent("rows", { detail: { rows, interval: SECOND_MS } }));
};

const measure = (tracker) => ({
  hertz: rate.read(),
  late: lateness.read(tracker),
  lag: page.lag?.read(),
});

const showState = () => {
  const tracker = window.pointerscope?.state();
  const state = judge(tracker, page.failure, page.isStreaming, page.instance);
  showConnection(root, state, {
    queued: tracker?.queued,
    instance: page.instance,
    problem: tracker?.problem ?? page.failure,
  });
  showQuality(tracker && { ...tracker, ...measure(tracker) }, page.readTime);
};

const follow = ({ source, clock, readFrom, showAnswer }) => {
  const pausePolling = startPolling({
    api,
    source,
    clock,
    readFrom,
    onAnswer: ({ buckets, now, took }) => {
      page.failure = null;
      page.readTime = took;
      showAnswer(buckets, now);
      showState();
    },
    onFailure: (problem, now) => {
      // The stream began while this request was under way.
      if (page.isStreaming) return;
      page.failure = problem;
      // The window moves on, with a gap of unknown seconds.
      if (page.last) showRows(page.last.buckets, now, page.last.known);
      showState();
    },
  });
  followStream({
    api,
    source,
    clock,
    onChange: (buckets, now) => {
      showAnswer(buckets, now);
      showState();
    },
    onState: (isStreaming) => {
      page.isStreaming = isStreaming;
      if (isStreaming) page.failure = null;
      pausePolling(isStreaming);
      showState();
    },
  });
};

const consent = () =>
  new Promise((resolve) => {
    showConnection(root, "unasked");
    root.querySelector("[data-consent]").addEventListener("click", resolve, { once: true });
  });

// Samples that are queued, or not yet rolled up, may still change their seconds.
const settledBefore = (clock, now, { oldestQueued }) =>
  Math.min(windowStart(now), oldestQueued ? windowStart(clock.at(oldestQueued)) : now);

const measureOwn = async (tracker) => {
  if (tracker.state().optedOut) await consent();
  const velocity = createVelocityNow();
  const path = createPath(root.querySelector("[data-path]"));
  tracker.onsample = (sample) => {
    velocity.add(sample);
    rate.add(sample);
    lateness.add();
    path.add(sample);
    page.lag?.add(sample);
  };
  setInterval(() => {
    // Read it while hidden too; otherwise samples that were in time would later count as late.
    if (document.hidden) return lateness.read(tracker.state());
    tiles.showVelocity(velocity.read());
    showState();
  }, TICK_MS);
  const session = await tracker.start();
  if (!session) return;
  offerShare(root, session);
  const clock = createClock(session.clockOffset);
  const now = clock.now();
  // Samples from before log-on waited for the log-on; they do not count as lag.
  page.lag = createLag(clock);
  const visit = startVisit(session.instanceId, now, settledBefore(clock, now, tracker.state()));
  tiles.showSince(visit.since);
  follow({
    source: session,
    clock,
    readFrom: visit.readFrom,
    showAnswer: (buckets, answeredAt) => {
      tiles.showTotal(visit.total(buckets, settledBefore(clock, answeredAt, tracker.state())));
      showRows(buckets, answeredAt, { loggedOnAt: visit.since, answeredAt });
    },
  });
};

const sum = (buckets, name) => buckets.reduce((total, bucket) => total + bucket[name], 0);

const watch = async (instanceId) => {
  // A visitor's own page needs neither.
  const [{ openShare }, { followInstance }] = await Promise.all([
    import("./open-share.js"),
    import("./instance.js"),
  ]);
  const fault = await openShare(root);
  if (fault) return showConnection(root, fault);
  const source = { instanceId };
  offerShare(root, source);
  followInstance({
    api,
    source,
    onRead: (instance) => {
      page.instance = instance;
      if (page.last) showState();
    },
  });
  // Use the browser's own clock if the server's is not available.
  const clock = createClock(await measureOffset(api).catch(() => 0));
  follow({
    source,
    clock,
    readFrom: () => NEVER,
    showAnswer: (buckets, now) => {
      showRows(buckets, now, { loggedOnAt: buckets[0]?.time ?? NEVER, answeredAt: now });
      const [distance, moving, events] = ["distance", "moving", "events"].map((name) =>
        sum(buckets, name),
      );
      tiles.showTotal({ distance, moving, events });
      tiles.showVelocity(page.rows.at(-2).average);
    },
  });
};

const drawCharts = async () => {
  const ApexCharts = await loadChartLibrary(root.dataset);
  const unknown = fillWindow([], Date.now(), { loggedOnAt: NEVER, answeredAt: 0 });
  const rows = page.rows.length ? page.rows : unknown;
  const onDrawn = (drawn) => page.lag?.drawn(drawn);
  const draw = await createCharts(ApexCharts, figures, rows, { onDrawn });
  page.draw = draw;
  if (page.rows.length) draw(page.rows);
  root.dataset.charts = "ready";
};

listenToLegends(figures, () => page.draw(page.rows));
drawCharts().catch((fault) => {
  root.dataset.charts = "missing";
  if (fault instanceof Error && fault.message !== "no address") console.warn(fault);
});
listenToCopies();
if (root.dataset.instanceId) watch(root.dataset.instanceId);
else measureOwn(window.pointerscope);

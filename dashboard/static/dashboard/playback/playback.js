// The recorded path of one instance, played back at its samples' own times.

import { browserTime } from "../clock.js";
import { ofReading, showConnection } from "../connection.js";
import { listenToCopies } from "../copy.js";
import { timeWriter, writeDay, writeRange, writeWhole } from "../numerals.js";
import { openShare } from "../open-share.js";
import { readRange, readView, writeAddress } from "./address.js";
import { createFacts } from "./facts.js";
import { listenToKeys } from "./keys.js";
import { createPlayHead } from "./play-head.js";
import { createReader } from "./reader.js";
import { createRows, persist } from "./rows.js";
import { createSamples, toMs } from "./samples.js";
import { createScenes } from "./scenes.js";
import { createSeekBar } from "./seek-bar.js";
import { createStage } from "./stage.js";

const MOST_BUCKETS = 500;
// A frame after the tab was hidden must not jump.
const LONGEST_FRAME_MS = 250;
const TEXT_MS = 100;
const AROUND_MS = 60_000;

const root = document.querySelector("[data-playback]");
const find = (name) => root.querySelector(`[data-${name}]`);

const showFault = (problem) =>
  showConnection(root, problem.status === undefined ? "error" : ofReading(problem), { problem });

// loading, ready, waiting, empty or dropped; the stylesheet shows the words for it.
const setState = (state) => {
  if (root.dataset.state !== state) root.dataset.state = state;
};

const createPlayer = ({ rows, since, until }) => {
  const samples = createSamples();
  const scenes = createScenes();
  const head = createPlayHead({ samples, since, until });
  const showFacts = createFacts(root);
  const writeTime = timeWriter({ since, until, interval: 1000 });
  const writeExact = (time) =>
    `${writeTime(time)}.${String(Math.floor(time) % 1000).padStart(3, "0")}`;
  let marks = [];
  let frame = 0;
  let drawnAt = 0;
  let saidAt = 0;

  const markAt = (time) => marks.findLast((mark) => mark.time <= time);

  const showText = () => {
    const time = head.time();
    const place = samples.placeAt(time);
    const sample = reader.holds(time) && place >= samples.first() ? samples.at(place) : null;
    find("time").textContent = writeExact(time);
    showFacts(sample, sample && scenes.at(sample), markAt(time));
  };

  const isOver = () => head.time() >= until;

  const showButton = () => {
    const text = head.isPlaying() ? "Pause" : isOver() ? "Play again" : "Play";
    if (find("play").textContent !== text) find("play").textContent = text;
  };

  const draw = () => {
    const time = head.time();
    const isThere = reader.holds(time);
    bar.showHead(time);
    if (isThere) stage.draw(time);
    if (["ready", "waiting"].includes(root.dataset.state))
      setState(isThere && !head.isWaiting() ? "ready" : "waiting");
    showButton();
    if (head.isPlaying() && browserTime() - saidAt < TEXT_MS) return;
    saidAt = browserTime();
    showText();
  };

  // The address and the links have the position at rest; browsers limit how often it may change.
  const settle = () => {
    const view = { since, until, at: head.time(), speed: head.speed(), skips: head.skips() };
    const address = writeAddress(view);
    history.replaceState(null, "", address);
    find("copy-view").dataset.copy = address;
    const charts = new URL(find("charts").href);
    charts.searchParams.set("since", new Date(head.time() - AROUND_MS).toISOString());
    charts.searchParams.set("until", new Date(head.time() + AROUND_MS).toISOString());
    find("charts").href = charts;
    bar.tell(head.time(), writeExact(head.time()));
  };

  let settling = 0;
  const settleSoon = () => {
    clearTimeout(settling);
    settling = setTimeout(settle, 150);
  };

  const run = (now) => {
    const elapsed = Math.min(LONGEST_FRAME_MS, now - drawnAt);
    drawnAt = now;
    head.advance(elapsed, reader.covered());
    draw();
    reader.pump();
    frame = head.isPlaying() ? requestAnimationFrame(run) : 0;
    if (!frame) settle();
  };

  const isOpen = () => !find("play").disabled;

  const play = () => {
    if (isOver()) head.seek(since);
    head.play();
    drawnAt = performance.now();
    if (!frame) frame = requestAnimationFrame(run);
    draw();
  };

  const pause = () => {
    head.pause();
    draw();
  };

  const toggle = () => {
    if (isOpen()) (head.isPlaying() ? pause : play)();
  };

  const seek = (time) => {
    if (!isOpen()) return;
    head.seek(time);
    reader.pump();
    saidAt = 0;
    draw();
    settleSoon();
  };

  const toMark = (step) => {
    const time = head.time();
    const found =
      step > 0 ? marks.find((m) => m.time > time) : marks.findLast((m) => m.time < time);
    if (found) seek(found.time);
  };

  const toSample = (step) => {
    pause();
    const place = samples.placeAt(head.time()) + step;
    if (place >= samples.first() && place < samples.end()) seek(samples.timeAt(place));
  };

  const stage = createStage({
    canvas: find("stage"),
    samples,
    scenes,
    redraw: () => draw(),
  });
  const bar = createSeekBar({ bar: find("seek"), since, until, onSeek: seek });
  const reader = createReader({
    rows,
    samples,
    scenes,
    head,
    since,
    until,
    onRead: () => {
      showConnection(root, "stored");
      if (!frame) draw();
    },
    onFault: showFault,
  });

  const tenth = (until - since) / 10;
  listenToKeys({
    toggle,
    step: (length) => seek(head.time() + length),
    mark: toMark,
    sample: toSample,
    toStart: () => seek(since),
    toEnd: () => seek(until),
    forward: () => seek(head.time() + tenth),
    back: () => seek(head.time() - tenth),
  });
  find("play").addEventListener("click", toggle);
  find("speed").addEventListener("change", ({ target }) => {
    head.setSpeed(Number(target.value));
    settle();
  });
  find("skips").addEventListener("change", ({ target }) => {
    head.setSkips(target.checked);
    settle();
  });

  return {
    bar,
    showMarks: (found) => {
      marks = found;
      bar.showMarks(found);
      draw();
    },
    start: ({ at, speed, skips }) => {
      head.setSpeed(speed);
      head.setSkips(skips);
      find("speed").value = String(head.speed());
      find("skips").checked = skips;
      setState("ready");
      find("play").disabled = false;
      seek(at);
    },
  };
};

const toMark = ({ time, name }) => ({ time: toMs(time), name });

const showCount = ({ statuses }) => {
  const events = statuses.reduce((sum, status) => sum + status.events, 0);
  find("count").textContent = `${writeWhole(events)} samples`;
};

// Statuses outlive samples.
const showWhatIsGone = ({ statuses, interval_ms: interval }, first) => {
  const known = statuses.find(({ events }) => events > 0);
  if (!first) return setState(known ? "dropped" : "empty");
  const isCut = known && toMs(first.time) > Date.parse(known.time) + interval;
  find("cut").hidden = !isCut;
  if (isCut) find("cut-day").textContent = writeDay(toMs(first.time));
};

const start = async () => {
  const fault = await openShare(root);
  if (fault) return showConnection(root, fault);
  const range = readRange(root.dataset);
  find("range").textContent = writeRange(range.since, range.until);
  const rows = createRows(root.dataset);
  const player = createPlayer({ rows, ...range });
  const points = Math.min(MOST_BUCKETS, Math.max(60, Math.round(root.clientWidth / 3)));
  const [series, start] = await persist(
    () =>
      Promise.all([
        rows.readStatuses({ ...range, interval: "auto", points }),
        rows.readEvents({ ...range, limit: 1 }),
      ]),
    showFault,
  );
  showConnection(root, "stored");
  player.bar.showCurve(series);
  showCount(series);
  const [first] = start.events;
  showWhatIsGone(series, first);
  if (!first) return;
  const view = readView();
  player.start({ ...view, at: view.at ?? toMs(first.time) });
  const found = await persist(
    () => rows.readMarks(range),
    () => {},
  );
  player.showMarks(found.marks.map(toMark));
  find("marks-cut").hidden = found.next_cursor === null;
};

listenToCopies();
start().catch((fault) => {
  if (fault instanceof RangeError) return showConnection(root, "invalid");
  if (fault.status === undefined) throw fault;
});

// Reads samples and their scenes by pages ahead of the play head, one call at a time.
//
// It holds one run without holes. A seek out of it begins a new run, at the last second with samples
// before that time.

import { createPauses, mayPass } from "./rows.js";
import { CAPACITY, toMs } from "./samples.js";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
// The API answers with at most 5,000 buckets.
const MOST_BUCKETS = 4500;
// Samples before the head, so that a seek shows a trail too.
export const TRAIL_MS = 10_000;
// In ms of the viewer's time, and in samples.
const AHEAD_MS = 8000;
const AHEAD_LEAST = 2000;
const AHEAD_MOST = CAPACITY / 2;

const floorTo = (time, length) => Math.floor(time / length) * length;

export const createReader = ({ rows, samples, scenes, head, since, until, onRead, onFault }) => {
  let run = null;
  let isBusy = false;
  let timer = 0;
  const pauses = createPauses();

  const lastBucket = async (interval, from, to) => {
    const earliest = Math.max(from, to - MOST_BUCKETS * interval);
    const { statuses } = await rows.readStatuses({
      since: floorTo(earliest, interval),
      until: to,
      interval: `${interval / SECOND_MS}s`,
    });
    return statuses.length ? Date.parse(statuses.at(-1).time) : null;
  };

  // The start of the last second with samples before the second of this time, or null. Each look
  // is at whole buckets before it.
  const secondBefore = async (time) => {
    const to = floorTo(time, SECOND_MS);
    const near = await lastBucket(SECOND_MS, since, to);
    if (near !== null || to - since <= MOST_BUCKETS * SECOND_MS) return near;
    const hour = await lastBucket(HOUR_MS, since, floorTo(to, HOUR_MS));
    return hour === null ? null : lastBucket(SECOND_MS, hour, hour + HOUR_MS);
  };

  // Samples that are not rolled up yet are in no status.
  const runFrom = async (time) => {
    const second = time > since ? await secondBefore(time) : null;
    if (second !== null) return Math.max(since, second - TRAIL_MS);
    if (time - since <= TRAIL_MS) return since;
    const { events } = await rows.readEvents({ since, until: Math.ceil(time), limit: 1 });
    return events.length ? time - TRAIL_MS : since;
  };

  const coveredBy = ({ isOver, last }) => (isOver ? until : last);
  const covered = () => (run ? Math.min(coveredBy(run.events), coveredBy(run.scenes)) : since);

  // If newer samples have overwritten the first ones, the run starts at the first that is left.
  const runStart = () =>
    samples.first() === run.first ? run.start : samples.timeAt(samples.first());

  const isAfterStart = (time) => Boolean(run) && time >= runStart();
  const holds = (time) => isAfterStart(time) && time <= covered();
  // Whether reading on comes to it.
  const leadsTo = (time) => isAfterStart(time) && time <= Math.max(covered(), run.goal);

  const take = (stream, found, cursor) => {
    stream.cursor = cursor;
    stream.isOver = cursor === null;
    stream.last = found.length ? Date.parse(found.at(-1).time) : until;
  };

  const begin = async (time) => {
    const from = await runFrom(time);
    const range = { since: from, until };
    const [events, start] = await Promise.all([
      rows.readEvents(range),
      rows.readEvents({ ...range, limit: 1, with: "scene" }),
    ]);
    samples.clear();
    scenes.clear();
    if (start.events[0]?.pointer) scenes.begin(start.events[0]);
    run = { from, goal: time, first: samples.end(), events: {}, scenes: { last: from } };
    // Before the first sample of a run that begins after `since`, the position is not known. The
    // goal itself is in the run in any case: what was there may be gone.
    const [first] = events.events;
    run.start = from <= since ? since : Math.min(time, first ? toMs(first.time) : time);
    samples.append(events.events);
    take(run.events, events.events, events.next_cursor);
  };

  const readOn = async () => {
    const { events, scenes: under } = run;
    if (!under.isOver && (events.isOver || under.last <= events.last)) {
      const page = await rows.readScenes({ since: run.from, until, cursor: under.cursor });
      scenes.append(page.scenes);
      take(under, page.scenes, page.next_cursor);
    } else {
      const page = await rows.readEvents({ since: run.from, until, cursor: events.cursor });
      samples.append(page.events);
      take(events, page.events, page.next_cursor);
      if (samples.first() < samples.end()) scenes.forget(samples.at(samples.first()));
    }
  };

  const isFarAhead = () => {
    if (covered() >= until) return true;
    const ahead = samples.end() - samples.placeAt(head.time());
    if (ahead >= AHEAD_MOST) return true;
    return ahead >= AHEAD_LEAST && covered() >= head.time() + AHEAD_MS * head.speed();
  };

  const isWanted = () => !holds(head.time()) || !isFarAhead();

  const fail = (problem) => {
    onFault(problem);
    if (mayPass(problem)) timer = setTimeout(pump, pauses.next());
  };

  const pump = async () => {
    if (isBusy) return;
    clearTimeout(timer);
    isBusy = true;
    try {
      while (isWanted()) {
        if (leadsTo(head.time())) await readOn();
        else await begin(head.time());
        pauses.reset();
        onRead();
      }
    } catch (problem) {
      fail(problem);
    }
    isBusy = false;
  };

  return { pump, covered, holds };
};

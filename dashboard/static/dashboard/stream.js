// Changed buckets, pushed by the service; the caller polls while there is no stream.

import { BUCKETS, SECOND_MS, toBucket, windowStart } from "./buckets.js";

const RETRY_MS = 5000;
// Redrawing three charts takes about 40 ms; a moving pointer changes a bucket every 250 ms.
const SHORTEST_PAUSE_MS = 150;
// A batch can change two buckets, which arrive as two messages.
const GATHER_MS = 10;

// Buckets by time. A value replaces one with a lower id, in whatever order they arrive.
const createKnown = () => {
  const known = new Map();

  const put = (status, version) => {
    const bucket = toBucket(status);
    if ((known.get(bucket.time)?.version ?? -1) <= version)
      known.set(bucket.time, { ...bucket, version });
  };

  const list = (now) => {
    const first = windowStart(now) - BUCKETS * SECOND_MS;
    for (const time of known.keys()) if (time < first) known.delete(time);
    return [...known.values()].sort((a, b) => a.time - b.time);
  };

  return { put, list };
};

export const followStream = ({ api, source, clock, onChange, onState }) => {
  let known = createKnown();
  let stream = null;
  let retry = 0;
  let pending = 0;
  let shownAt = 0;
  let tick = 0;

  const show = () => {
    pending = 0;
    shownAt = performance.now();
    const now = clock.now();
    onChange(known.list(now), now);
  };

  const showSoon = () => {
    const wait = Math.max(GATHER_MS, shownAt + SHORTEST_PAUSE_MS - performance.now());
    if (!pending) pending = setTimeout(show, wait);
  };

  // Skip it after a recent drawing: the next change would have to wait for this one.
  const showIdle = () => {
    if (performance.now() - shownAt > SECOND_MS / 2) showSoon();
  };

  const close = () => {
    stream?.close();
    stream = null;
    clearInterval(tick);
    clearTimeout(retry);
    onState(false);
  };

  const onSnapshot = ({ data, lastEventId }) => {
    known = createKnown();
    for (const status of JSON.parse(data).statuses) known.put(status, Number(lastEventId));
    clearInterval(tick);
    // The window moves on even without changes.
    tick = setInterval(showIdle, SECOND_MS);
    onState(true);
    show();
  };

  const onStatus = ({ data, lastEventId }) => {
    known.put(JSON.parse(data), Number(lastEventId));
    showSoon();
  };

  // Request a new ticket: EventSource would reconnect with the old one, which may have expired.
  const open = async () => {
    if (document.hidden || stream) return;
    try {
      const { stream_url: address } = await api.fetchInstance(source);
      if (document.hidden) return;
      stream ??= new EventSource(address);
    } catch {
      return again();
    }
    stream.addEventListener("snapshot", onSnapshot);
    stream.addEventListener("status", onStatus);
    stream.addEventListener("error", again);
  };

  const again = () => {
    close();
    retry = setTimeout(open, RETRY_MS);
  };

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
};

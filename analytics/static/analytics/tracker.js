// How to embed it, and why it is as it is: docs/tracker.md
(() => {
  const attempt = (act) => {
    try {
      return act();
    } catch {} // Never the host page's fault.
  };
  const { src, dataset } = document.currentScript || {};
  const api = attempt(() => new URL("/api/v1/", dataset.endpoint || src).href);
  if (!api || window.pointerscope) return;

  const optedOut = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
  const life = new AbortController();
  const counts = { captured: 0, accepted: 0, duplicates: 0, conflicts: 0, dropped: 0 };
  const firstSeq = Math.floor(Math.random() * 1e6);
  const storage = `pointerscope ${api}`;
  const ownKey = storage + performance.timeOrigin + firstSeq;
  const queue = []; // Not acknowledged yet.
  let connection = "idle";
  let config = {};
  let entering = true;
  let busy = true;
  let origin = performance.timeOrigin;
  let [underWay, failures, lastTime, offset, quickest] = [0, 0, 0, 0, 1e9];
  let [session, started, problem, roundTrip, lastScene, timer, wake] = [];

  const now = () => origin + performance.now();

  const enter = () => {
    entering = true;
  };

  const capture = (event) => {
    if (!event.isPrimary) return;
    const scene = event.pointerId + location.href;
    if (scene !== lastScene) enter();
    lastScene = scene;
    const slept = Date.now() - now();
    if (slept > 5000) {
      origin += slept;
      enter();
    }
    const samples = event.getCoalescedEvents?.() || [];
    for (const sample of samples.length ? samples : [event]) add(sample);
    schedule();
  };

  const add = ({ timeStamp, clientX, clientY }) => {
    lastTime = Math.max(lastTime, origin + timeStamp);
    const sample = { time: lastTime, x: clientX, y: clientY, seq: firstSeq + counts.captured++ };
    if (entering) sample.enter = true;
    entering = false;
    if (queue.push(sample) > 20000) drop(underWay, 1);
    attempt(() => tracker.onsample?.(sample));
  };

  const drop = (from, count) => {
    queue.splice(from, count);
    counts.dropped += count;
    if (queue[from]) queue[from].enter = true;
    else enter();
  };

  const cut = (from) => {
    let body = `{"token":"${session.write_token}","events":[`;
    let count = 0;
    for (const sample of queue.slice(from, from + config.max_batch_events)) {
      if (body.length > config.max_batch_bytes - 200) break;
      const time = sample.time + offset;
      body += (count++ ? "," : "") + JSON.stringify({ ...sample, time });
    }
    return { body: `${body}]}`, count };
  };

  const call = async (url, options) => {
    const sent = now();
    try {
      const signal = AbortSignal.timeout?.(15000);
      const response = await fetch(url, { signal, method: "POST", keepalive: true, ...options });
      const { ok, status } = response;
      const data = await response.json().catch(() => ({}));
      const took = now() - sent;
      if (data.server_time && took < quickest) {
        quickest = took;
        offset = Date.parse(data.server_time) - sent - took / 2;
      }
      problem = ok ? null : { status, code: data.code };
      const pause = Math.min(response.headers.get("Retry-After") * 1000 || 0, 36e5);
      return { ok, status, pause, data, took };
    } catch {
      problem = null;
      return { ok: false, pause: 0 };
    }
  };

  const insist = async (url, options) => {
    while (session || !life.signal.aborted) {
      const answer = await call(url, options);
      const { ok, status, pause } = answer;
      if (ok) failures = 0;
      if (ok && session) show("live");
      if (ok || /^4(?!08|29)/.test(status)) return answer;
      show("offline");
      const longest = Math.min(20000, 500 * 2 ** failures++);
      await new Promise((resolve) => {
        setTimeout(resolve, Math.max(pause, longest * (0.5 + Math.random() / 2)));
        wake = pause ? null : resolve;
      });
    }
    return {};
  };

  const schedule = () => {
    if (!timer) timer = setTimeout(send, queue.length < 500 ? config.flush_interval_ms : 0);
  };

  const send = async () => {
    timer = null;
    if (busy || !queue.length) return;
    busy = true;
    const { body, count } = cut(0);
    underWay = count;
    const { ok, status, data, took } = await insist(`${session.url}events/`, { body });
    underWay = 0;
    busy = false;
    if (ok) {
      queue.splice(0, count);
      for (const name in data) counts[name] += data[name];
      roundTrip = took;
    } else drop(0, count);
    if ([401, 403, 404].includes(status)) halt("denied");
    else if (queue.length) schedule();
    else attempt(forget);
  };

  const forget = () => localStorage.removeItem(ownKey);

  const keptKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(storage));

  const keep = () => {
    const { instance_id, write_token } = session;
    sessionStorage.setItem(storage, JSON.stringify({ instance_id, write_token }));
    forget();
    const bodies = [];
    for (let from = 0; queue[from] && bodies.length < 5; ) {
      const { body, count } = cut(from);
      bodies.push(body);
      from += count;
    }
    if (bodies.length && keptKeys().length < 4)
      localStorage.setItem(ownKey, JSON.stringify([session.url, ...bodies]));
  };

  const sendKept = async () => {
    for (const key of keptKeys()) {
      const text = localStorage.getItem(key);
      const [url, ...bodies] = JSON.parse(text);
      for (const body of bodies) await insist(`${url}events/`, { body });
      if (localStorage.getItem(key) === text) localStorage.removeItem(key);
    }
  };

  const recall = () => {
    const text = sessionStorage.getItem(storage);
    sessionStorage.removeItem(storage);
    return text;
  };

  const beacon = (what, body) => navigator.sendBeacon?.(session.url + what, body);

  const hide = (leaving) => {
    enter();
    if (!session) return;
    attempt(keep);
    const { body, count } = cut(underWay);
    if (count) beacon("events/", body);
    if (leaving) beacon("log-off/", `{"token":"${session.write_token}"}`);
  };

  const comeBack = () => {
    wake?.();
    recall();
  };

  const leave = ({ persisted }) => {
    hide(!persisted);
    if (!persisted) life.abort();
  };

  const logOn = async (body) => {
    const url = `${api}browsers/`;
    const headers = { "X-CSRFToken": dataset.csrfToken };
    const own = dataset.logOn ? await insist(dataset.logOn, { headers }) : {};
    const again = !own.ok && body ? await insist(url, { body }) : own;
    return again.ok ? again : insist(url);
  };

  const show = (name) => {
    if (!life.signal.aborted) connection = name;
  };

  const halt = (why) => {
    show(why);
    life.abort();
  };

  const listen = (name, handler) => {
    const quietly = (event) => attempt(() => handler(event));
    addEventListener(name, quietly, { capture: true, signal: life.signal });
  };

  const run = async () => {
    listen("pointermove", capture);
    listen("pointerleave", ({ target }) => target === document.documentElement && enter());
    listen("visibilitychange", () => (document.hidden ? hide() : comeBack()));
    listen("pagehide", leave);
    listen("online", () => wake?.());
    show("connecting");
    const { data } = await logOn(attempt(recall));
    if (!data?.config) return halt("denied");
    for (let i = 0; i < 2; i++) await call(`${api}time/`, { method: "GET" });
    const { instance_id, write_token } = data;
    session = { instance_id, write_token, url: `${api}browsers/${instance_id}/` };
    config = data.config;
    if (life.signal.aborted) return stop();
    show("live");
    sendKept().then(begin, begin);
    return { instanceId: instance_id, token: write_token, clockOffset: offset };
  };

  const begin = () => {
    busy = false;
    send();
  };

  const start = () => {
    started ||= run();
    return started;
  };

  const stop = () => {
    halt("stopped");
    hide(true);
  };

  const erase = async () => {
    queue.length = 0;
    stop();
    await started;
    attempt(recall);
    if (!session) return false;
    const headers = { Authorization: `Bearer ${session.write_token}` };
    return (await call(session.url, { method: "DELETE", headers })).ok;
  };

  const state = () => ({
    ...{ ...counts, connection, problem, optedOut, roundTrip },
    queued: queue.length,
    oldestQueued: queue[0]?.time,
  });

  const tracker = { start, stop, erase, state, onsample: null };
  window.pointerscope = tracker;
  if (dataset.autostart !== "false" && !optedOut) start();
})();

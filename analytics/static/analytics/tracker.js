/* Sends where the pointer is on this page to a Pointerscope service, data-endpoint (or the script's
 * own host). It waits for start() where data-autostart="false", or Global Privacy Control or Do Not
 * Track is on. start() resolves to {instanceId, token, clockOffset}, or to null where refused; stop()
 * is final; erase() deletes the instance; state() is a snapshot; onsample is called with each sample.
 * The service's own page has data-log-on and data-csrf-token: the tabs of a session are one instance.
 */
(() => {
  if (window.pointerscope) return;
  const script = document.currentScript;
  const api = `${script.dataset.endpoint || new URL(script.src).origin}/api/v1/`;
  const root = document.documentElement;
  const optedOut = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
  const life = new AbortController();
  const counts = { captured: 0, stored: 0, duplicates: 0, conflicts: 0, dropped: 0 };
  let config = { flush_interval_ms: 250 };
  let connection = "idle";
  // Two tabs that are one instance have clocks that can meet; their samples must not.
  const firstSeq = Math.floor(Math.random() * 1e6);
  let [problem, session, started, batch, roundTrip, pointer, beaconed] = [];
  let [offset, last, gap, timer, failures] = [0, 0, 0, 0, 0];
  let entering = true;
  let queue = []; // Captured and not acknowledged; the batch under way is its beginning.

  const now = () => performance.timeOrigin + performance.now();

  const capture = (event) => {
    if (!event.isPrimary) return;
    if (event.pointerId !== pointer) entering = true;
    pointer = event.pointerId;
    // Absent outside secure contexts, and empty for events that a script made.
    const samples = event.getCoalescedEvents?.() || [];
    for (const sample of samples.length ? samples : [event]) add(sample);
    schedule(config.flush_interval_ms);
  };

  const add = ({ timeStamp, clientX, clientY }) => {
    // Coalesced events can step back by a clock tick, but the order must hold.
    const time = Math.max(last, performance.timeOrigin + timeStamp + offset);
    if (time - last < 250) gap += (time - last - gap) / 20;
    last = time;
    const sample = { time, x: clientX, y: clientY, seq: firstSeq + counts.captured++ };
    if (entering) sample.enter = true;
    entering = false;
    if (queue.push(sample) > 20000) drop(batch?.count || 0, 1);
    window.pointerscope.onsample?.(sample);
  };

  const drop = (from, count) => {
    queue.splice(from, count);
    counts.dropped += count;
    // Nobody knows the way across the hole, so it is no movement.
    if (queue[from]) queue[from].enter = true;
    else entering = true;
  };

  // The text is kept, so that a retry sends the same bytes.
  const cut = (from) => {
    let body = `{"token":"${session.write_token}","events":[`;
    let count = 0;
    for (const sample of queue.slice(from, from + config.max_batch_events)) {
      const text = JSON.stringify(sample);
      if (body.length + text.length > Math.min(48 * 1024, config.max_batch_bytes) - 3) break;
      body += (count++ ? "," : "") + text;
    }
    return { body: `${body}]}`, count };
  };

  // A body goes as plain text with the token inside: that needs no preflight, and a beacon can do it.
  const call = async (method, url, body, headers) => {
    const sent = now();
    const options = { method, body, headers, keepalive: true, credentials: "same-origin" };
    try {
      options.signal = AbortSignal.timeout?.(15000);
      const response = await fetch(url, { ...options, cache: "no-store" });
      const { status } = response;
      const data = await response.json().catch(() => ({}));
      problem = response.ok ? null : { status, code: data.code };
      const pause = response.headers.get("Retry-After") * 1000 || 0;
      const final = status > 399 && status < 500 && status !== 408 && status !== 429;
      return { ok: response.ok, final, pause, data, sent, took: now() - sent };
    } catch {
      problem = null;
      return { pause: 0, data: {} };
    }
  };

  const schedule = (ms) => {
    timer ||= setTimeout(send, ms);
  };

  const send = async () => {
    timer = 0;
    if (batch?.sending || !session || !queue.length) return;
    batch ||= cut(0);
    batch.sending = true;
    const answer = await call("POST", `${session.url}events/`, batch.body);
    batch.sending = false;
    if (!answer.ok && !answer.final) return schedule(backOff(answer));
    const { count } = batch;
    batch = null;
    if (answer.final) {
      drop(0, count);
      if ([401, 403, 404].includes(problem.status)) return halt("denied");
    } else accept(answer, queue.splice(0, count));
    if (queue.length) schedule(queue.length < 500 ? config.flush_interval_ms : 0);
  };

  const accept = ({ data, took }) => {
    counts.stored += data.accepted;
    counts.duplicates += data.duplicates;
    counts.conflicts += data.conflicts;
    roundTrip = took;
    failures = 0;
    if (!life.signal.aborted) connection = "live";
  };

  const backOff = ({ pause }) => {
    connection = "offline";
    const longest = Math.min(20000, 500 * 2 ** failures++);
    return Math.max(pause, longest * (0.5 + Math.random() / 2));
  };

  const retryNow = () => {
    clearTimeout(timer);
    send();
  };

  const logOn = async (kept) => {
    let { logOn: own, csrfToken } = script.dataset;
    connection = "connecting";
    while (!life.signal.aborted) {
      const { instance_id, write_token } = kept || {};
      const body = JSON.stringify({ instance_id, write_token });
      const headers = own && { "X-CSRFToken": csrfToken };
      const answer = await call("POST", own || `${api}browsers/`, body, headers);
      if (answer.ok) return answer;
      if (!answer.final) await new Promise((resolve) => setTimeout(resolve, backOff(answer)));
      // Without cookies there is no session; once erased or revoked, a new instance.
      else if (own) own = undefined;
      else if (kept) kept = null;
      else return halt("denied");
    }
  };

  // Once a stream, since correcting every batch would reorder it. A slow answer hides when it was
  // made: the quickest of three counts.
  const measure = async (answers) => {
    while (answers.length < 3) answers.push(await call("GET", `${api}time/`));
    const { data, sent, took } = answers.filter(({ ok }) => ok).sort((a, b) => a.took - b.took)[0];
    return Date.parse(data.server_time) - sent - took / 2;
  };

  const rebase = (measured) => {
    for (const sample of queue) sample.time += measured;
    last += last && measured;
    offset = measured;
  };

  // Stored only while the page is away: a duplicated tab gets a copy, and would share the instance.
  const recall = () => {
    const text = sessionStorage.getItem("pointerscope");
    sessionStorage.removeItem("pointerscope");
    return JSON.parse(text);
  };

  const keep = () => {
    const kept = JSON.stringify({ ...session, samples: queue.slice(-4000) });
    sessionStorage.setItem("pointerscope", kept);
  };

  // Nobody reads a beacon's answer, so what it carries stays queued: sent twice, it is stored once.
  const beacon = () => {
    let from = batch?.sending ? batch.count : 0;
    while (beaconed !== counts.captured && from < queue.length) {
      const { body, count } = cut(from);
      if (!navigator.sendBeacon(`${session.url}events/`, body)) return;
      from += count;
    }
    beaconed = counts.captured;
  };

  const logOff = () =>
    navigator.sendBeacon(`${session.url}log-off/`, `{"token":"${session.write_token}"}`);

  const enter = () => {
    entering = true;
  };

  const hide = () => {
    enter();
    if (!session) return;
    beacon();
    keep();
  };

  const comeBack = () => {
    enter();
    if (session) recall();
    retryNow();
  };

  const leave = ({ persisted }) => {
    hide();
    // From the back/forward cache it may come back.
    if (!persisted && session) logOff();
  };

  const listen = (target, name, handler) => {
    const quietly = (event) => {
      try {
        handler(event);
      } catch {} // A fault of ours is never the host page's.
    };
    target?.addEventListener(name, quietly, { passive: true, capture: true, signal: life.signal });
  };

  const run = async () => {
    listen(document, "pointermove", capture);
    // While capturing, every element's own leaving passes here too.
    listen(document, "pointerleave", ({ target }) => target === root && enter());
    listen(document, "visibilitychange", () => (document.hidden ? hide() : comeBack()));
    listen(window, "pagehide", leave);
    listen(window, "pageshow", ({ persisted }) => persisted && comeBack());
    listen(window, "online", retryNow);
    listen(window.navigation, "navigate", enter);
    let kept;
    try {
      kept = recall();
    } catch {} // Storage can be forbidden.
    const answer = await logOn(kept);
    if (!answer) return null;
    const { instance_id, write_token, config: given } = answer.data;
    rebase(await measure([answer]));
    config = given;
    if (kept?.instance_id === instance_id) queue = kept.samples.concat(queue);
    session = { url: `${api}browsers/${instance_id}/`, instance_id, write_token };
    [connection, failures] = ["live", 0];
    retryNow();
    return { instanceId: instance_id, token: write_token, clockOffset: offset };
  };

  const halt = (why) => {
    connection = why;
    life.abort();
    return null;
  };

  const stop = () => {
    if (!life.signal.aborted) halt("stopped");
    if (session) {
      beacon();
      logOff();
    }
  };

  const erase = async () => {
    stop();
    queue = [];
    const headers = { Authorization: `Bearer ${session?.write_token}` };
    return !!session && (await call("DELETE", session.url, undefined, headers)).ok;
  };

  const state = () => ({
    ...counts,
    ...{ connection, problem, optedOut, roundTrip, clockOffset: offset },
    queued: queue.length,
    oldestQueued: queue[0]?.time,
    hertz: gap && 1000 / gap,
  });

  const start = () => {
    started ||= run().catch(() => halt("stopped"));
    return started;
  };

  window.pointerscope = { start, stop, erase, state, onsample: null };
  if (script.dataset.autostart !== "false" && !optedOut) start();
})();

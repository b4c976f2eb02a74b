// The pointer's path in the last ten seconds: fading with age, coloured by speed, with a dot for
// each pause that grows with its length.

const SPAN_MS = 10_000;
const PAUSE_MS = 250;
const FASTEST = 3000; // px/s; the colour is the same above it
const STEPS = 6;
const DOT_PX = { least: 2.5, most: 9, at: 3000 };
// With reduced motion the picture changes in steps instead of fading continuously.
const STILL_MS = 1000;

const reduced = matchMedia("(prefers-reduced-motion: reduce)");

export const colours = () => {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("span");
  document.body.append(probe);
  const read = (text) => {
    probe.style.color = text;
    return getComputedStyle(probe).color;
  };
  const [slow, fast] = ["--average", "--peak"].map((name) => style.getPropertyValue(name));
  const between = (share) => `color-mix(in oklab, ${fast} ${share}%, ${slow})`;
  const scale = Array.from({ length: STEPS }, (_, i) => read(between((i * 100) / (STEPS - 1))));
  const rest = read(style.getPropertyValue("--muted"));
  probe.remove();
  return { scale, rest };
};

const alpha = (age) => Math.max(0, 1 - age / SPAN_MS);

export const speedStep = (from, to) => {
  const speed = (Math.hypot(to.x - from.x, to.y - from.y) * 1000) / Math.max(1, to.at - from.at);
  return Math.min(STEPS - 1, Math.floor((speed / FASTEST) * STEPS));
};

export const dotRadius = (pause) =>
  DOT_PX.least + (DOT_PX.most - DOT_PX.least) * Math.min(1, pause / DOT_PX.at);

export const createPath = (canvas) => {
  const context = canvas.getContext("2d");
  let points = [];
  let palette = colours();
  let visible = false;
  let frame = 0;
  let timer = 0;
  let [width, height, scale] = [0, 0, 1];

  const resize = () => {
    const ratio = devicePixelRatio || 1;
    [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    scale = Math.min(width / innerWidth, height / innerHeight);
    const [left, top] = [(width - innerWidth * scale) / 2, (height - innerHeight * scale) / 2];
    context.setTransform(ratio, 0, 0, ratio, left * ratio, top * ratio);
    context.lineCap = "round";
    wake();
  };

  const drawLine = (from, to, now) => {
    context.globalAlpha = alpha(now - to.at);
    context.strokeStyle = palette.scale[speedStep(from, to)];
    context.beginPath();
    context.moveTo(from.x * scale, from.y * scale);
    context.lineTo(to.x * scale, to.y * scale);
    context.stroke();
  };

  const drawPause = (point, until, now) => {
    const pause = until - point.at;
    if (pause < PAUSE_MS) return;
    context.globalAlpha = alpha(now - until) * 0.7;
    context.fillStyle = palette.rest;
    context.beginPath();
    context.arc(point.x * scale, point.y * scale, dotRadius(pause), 0, 2 * Math.PI);
    context.fill();
  };

  const draw = () => {
    frame = 0;
    const now = performance.now();
    points = points.filter(({ at }, i) => i === points.length - 1 || now - at < SPAN_MS);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.restore();
    context.lineWidth = 2;
    points.forEach((point, i) => {
      const next = points[i + 1];
      if (next && !next.enter) drawLine(point, next, now);
      drawPause(point, next?.at ?? Math.min(now, point.at + DOT_PX.at), now);
    });
    if (points.length && now - points.at(-1).at > SPAN_MS + DOT_PX.at) points = [];
    if (points.length) wake();
  };

  const wake = () => {
    if (!visible || document.hidden || frame || timer) return;
    if (!reduced.matches) frame = requestAnimationFrame(draw);
    else
      timer = setTimeout(() => {
        timer = 0;
        draw();
      }, STILL_MS);
  };

  const repaint = () => {
    palette = colours();
    wake();
  };

  new ResizeObserver(resize).observe(canvas);
  new IntersectionObserver(([{ isIntersecting }]) => {
    visible = isIntersecting;
    wake();
  }).observe(canvas);
  document.addEventListener("visibilitychange", wake);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });

  return {
    // Uses the arrival time, as in velocity-now.js.
    add: ({ x, y, enter }) => {
      points.push({ x, y, enter, at: performance.now() });
      wake();
    },
  };
};

// Draws the pointer at a time: the viewport's frame, the last ten seconds fading, and where the
// viewport is on its page.

import { dotRadius, speedStep } from "../path.js";
import { fitCanvas, listenToTheme, readPalette } from "./palette.js";
import { TRAIL_MS } from "./reader.js";

const MARGIN = 12;
const REST_MS = 250;
const MOST_SEGMENTS = 5000;
const POINTER_PX = 5;
const STRIP = { width: 56, gap: 16 };

const sizeOf = (scene, seen) =>
  scene ? { width: scene.width, height: scene.height } : { width: seen.x, height: seen.y };

const isOnePlace = (one, other) => (one?.page ?? null) === (other?.page ?? null);

// Where on the page a sample is, as seen from another one's scroll.
const shiftOf = (scene, now) => ({
  x: (scene?.scrollX ?? 0) - (now?.scrollX ?? 0),
  y: (scene?.scrollY ?? 0) - (now?.scrollY ?? 0),
});

// The document where it is larger than the viewport, fitted into a strip at the right.
const stripOf = (scene, box) => {
  if (!scene || scene.documentHeight <= scene.height + 1) return null;
  const scale = Math.min(
    STRIP.width / Math.max(scene.documentWidth, scene.width),
    (box.height - 2 * MARGIN) / scene.documentHeight,
  );
  const width = Math.max(4, Math.max(scene.documentWidth, scene.width) * scale);
  return { scale, width, left: box.width - MARGIN - width, top: MARGIN };
};

const fit = (size, box, reserved) => {
  const width = box.width - 2 * MARGIN - reserved;
  const height = box.height - 2 * MARGIN;
  const scale = Math.min(width / Math.max(1, size.width), height / Math.max(1, size.height));
  return {
    scale,
    left: MARGIN + (width - size.width * scale) / 2,
    top: MARGIN + (height - size.height * scale) / 2,
    width: size.width * scale,
    height: size.height * scale,
  };
};

export const createStage = ({ canvas, samples, scenes, redraw }) => {
  const context = canvas.getContext("2d");
  let palette = readPalette();
  let box = { width: 0, height: 0 };
  // Without a scene the viewport is unknown: at least as large as where the pointer was.
  let seen = { x: 1, y: 1 };

  const resize = () => {
    box = fitCanvas(canvas, context);
    context.lineCap = "round";
    redraw();
  };

  const repaint = () => {
    palette = readPalette();
    redraw();
  };

  const drawFrame = (frame) => {
    context.globalAlpha = 1;
    context.fillStyle = palette.sunken;
    context.fillRect(frame.left, frame.top, frame.width, frame.height);
    context.strokeStyle = palette["line-strong"];
    context.lineWidth = 1;
    context.strokeRect(frame.left, frame.top, frame.width, frame.height);
  };

  const drawStrip = (strip, scene, sample) => {
    const { scale, left, top, width } = strip;
    context.fillStyle = palette.sunken;
    context.strokeStyle = palette["line-strong"];
    context.fillRect(left, top, width, scene.documentHeight * scale);
    context.strokeRect(left, top, width, scene.documentHeight * scale);
    const [x, y] = [left + scene.scrollX * scale, top + scene.scrollY * scale];
    context.strokeStyle = palette.rest;
    context.strokeRect(x, y, Math.max(3, scene.width * scale), Math.max(3, scene.height * scale));
    context.fillStyle = palette.ink;
    context.fillRect(x + sample.x * scale - 1, y + sample.y * scale - 1, 2, 2);
  };

  const createPlot = (frame, now) => (sample, scene) => {
    const shift = shiftOf(scene, now);
    return {
      x: frame.left + (sample.x + shift.x) * frame.scale,
      y: frame.top + (sample.y + shift.y) * frame.scale,
    };
  };

  const drawRest = (place, length, age) => {
    if (length < REST_MS) return;
    context.globalAlpha = 0.7 * Math.max(0, 1 - age / TRAIL_MS);
    context.fillStyle = palette.rest;
    context.beginPath();
    context.arc(place.x, place.y, dotRadius(length), 0, 2 * Math.PI);
    context.fill();
  };

  const drawTrail = ({ last, time, scene, plot }) => {
    let after = samples.at(last);
    let afterPlace = plot(after, scene);
    drawRest(afterPlace, time - after.time, 0);
    context.lineWidth = 2;
    const oldest = Math.max(samples.first(), last - MOST_SEGMENTS);
    for (let place = last - 1; place >= oldest && time - after.time < TRAIL_MS; place--) {
      const sample = samples.at(place);
      const under = scenes.at(sample);
      // Another page has another place for the same position.
      if (!isOnePlace(under, scene)) break;
      const at = plot(sample, under);
      // Before it entered, the pointer was away.
      if (!after.enter) {
        drawRest(at, after.time - sample.time, time - after.time);
        context.globalAlpha = Math.max(0, 1 - (time - after.time) / TRAIL_MS);
        const step = speedStep({ ...sample, at: sample.time }, { ...after, at: after.time });
        context.strokeStyle = palette.scale[step];
        context.beginPath();
        context.moveTo(at.x, at.y);
        context.lineTo(afterPlace.x, afterPlace.y);
        context.stroke();
      }
      [after, afterPlace] = [sample, at];
    }
  };

  const drawPointer = ({ x, y }) => {
    context.globalAlpha = 1;
    context.fillStyle = palette.ink;
    context.strokeStyle = palette.surface;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, POINTER_PX, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  };

  const drawSample = (last, time) => {
    const sample = samples.at(last);
    const scene = scenes.at(sample);
    seen = { x: Math.max(seen.x, sample.x), y: Math.max(seen.y, sample.y) };
    const strip = stripOf(scene, box);
    const frame = fit(sizeOf(scene, seen), box, strip ? STRIP.width + STRIP.gap : 0);
    drawFrame(frame);
    if (strip) drawStrip(strip, scene, sample);
    const plot = createPlot(frame, scene);
    context.save();
    context.beginPath();
    context.rect(frame.left, frame.top, frame.width, frame.height);
    context.clip();
    drawTrail({ last, time, scene, plot });
    context.restore();
    drawPointer(plot(sample, scene));
  };

  new ResizeObserver(resize).observe(canvas);
  listenToTheme(repaint);

  return {
    draw: (time) => {
      context.clearRect(0, 0, box.width, box.height);
      const last = samples.placeAt(time);
      if (last >= samples.first()) drawSample(last, time);
    },
  };
};

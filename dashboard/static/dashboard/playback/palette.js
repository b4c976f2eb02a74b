// The page's colours for a canvas, which resolves no custom properties.

import { colours } from "../path.js";

const NAMES = ["ink", "surface", "sunken", "line-strong", "average"];

export const readPalette = () => {
  const probe = document.body.appendChild(document.createElement("span"));
  const named = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return { ...colours(), ...Object.fromEntries(named) };
};

// Calls back when the theme changes.
export const listenToTheme = (repaint) => {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });
};

// Fits a canvas to its box and the screen's pixels; returns the box in CSS px.
export const fitCanvas = (canvas, context) => {
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { width, height };
};

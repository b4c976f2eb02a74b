// The keyboard of the path: Space, arrows, comma and full stop, wherever the focus is.

const STEP_MS = 5000;
const OWN_KEYS = "input, select, textarea";
// Space presses them.
const PRESSED = "button, summary";

const actOn = ({ key, shiftKey, target }, acts) => {
  if (key === " ") return target.closest(PRESSED) ? null : acts.toggle;
  if (key === "ArrowLeft") return shiftKey ? () => acts.mark(-1) : () => acts.step(-STEP_MS);
  if (key === "ArrowRight") return shiftKey ? () => acts.mark(1) : () => acts.step(STEP_MS);
  if (key === ",") return () => acts.sample(-1);
  if (key === ".") return () => acts.sample(1);
  if (!target.closest("[role=slider]")) return null;
  if (key === "ArrowUp") return () => acts.step(STEP_MS);
  if (key === "ArrowDown") return () => acts.step(-STEP_MS);
  return { Home: acts.toStart, End: acts.toEnd, PageUp: acts.forward, PageDown: acts.back }[key];
};

export const listenToKeys = (acts) => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest(OWN_KEYS)) return;
    const act = actOn(event, acts);
    if (!act) return;
    event.preventDefault();
    act();
  });
};

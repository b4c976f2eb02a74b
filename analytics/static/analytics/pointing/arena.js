// One ring: draws its targets, follows the presses, and returns the movements.

import { centresOf, orderOf } from "./ring.js";
import { isError } from "./throughput.js";

// The second press of a double tap comes sooner than this, and closer to the last target.
const DOUBLE_TAP_S = 0.3;
// After a ring, so that a last double tap begins no other ring and presses nothing in the results.
const REST_MS = 500;

const round = (length) => Math.round(length * 100) / 100;

const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);

const sizeOf = (field) => [field.clientWidth, field.clientHeight];

const draw = (field, size, { count, amplitude, width }) => {
  const targets = centresOf({ count, amplitude, field: size }).map(([x, y]) => {
    const target = document.createElement("div");
    target.className = "target";
    Object.assign(target.style, {
      left: `${x - width / 2}px`,
      top: `${y - width / 2}px`,
      width: `${width}px`,
      height: `${width}px`,
    });
    return target;
  });
  field.replaceChildren(...targets);
  return targets;
};

// As study.js sends a rectangle, so that both compute with the same numbers.
const placeOf = (target) => {
  const { x, y, width, height } = target.getBoundingClientRect();
  return {
    centre: [round(x) + round(width) / 2, round(y) + round(height) / 2],
    width: round(width),
  };
};

// Resolves to `{ movements, doubleTaps, pointer }` of a whole ring, or to `{ stopped }` with why it
// ended before: "stop", "window", "left" or "pointer". `marker` writes the trials, if they count.
export const runRing = ({ dialog, field, ring, marker, onStep }) =>
  new Promise((resolve) => {
    const size = sizeOf(field);
    const targets = draw(field, size, ring);
    const order = orderOf(ring.count);
    const places = order.map((i) => placeOf(targets[i]));
    const at = (step) => step % order.length;
    const movements = [];
    let doubleTaps = 0;
    let trial;
    let startedAt;
    let pointer;
    const ending = new AbortController();

    const end = (outcome) => {
      ending.abort();
      resolve(outcome);
    };

    const light = (step) => {
      field.querySelector(".target-next")?.classList.remove("target-next");
      if (step <= order.length) targets[order[at(step)]].classList.add("target-next");
      onStep(step);
    };

    const begin = (step) => {
      startedAt = performance.now();
      trial = marker?.start(step, targets[order[step - 1]], targets[order[at(step)]]);
    };

    const press = (event) => {
      if (!event.isTrusted || !event.isPrimary || event.button !== 0) return;
      const now = performance.now();
      const selected = [round(event.clientX), round(event.clientY)];
      const step = pointer ? movements.length + 1 : 0;
      if (!pointer) {
        if (distance(selected, places[0].centre) > places[0].width / 2) return;
        pointer = event.pointerType;
        begin(1);
        return light(1);
      }
      if (event.pointerType !== pointer) return end({ stopped: "pointer" });
      const [source, target] = [places[step - 1], places[at(step)]];
      const time = (now - startedAt) / 1000;
      const isNear = distance(selected, source.centre) < distance(selected, target.centre);
      if (time < DOUBLE_TAP_S && isNear) {
        doubleTaps += 1;
        return;
      }
      const movement = {
        source: source.centre,
        target: target.centre,
        width: target.width,
        selected,
        time,
      };
      const isMiss = isError(movement);
      // Marks the end first, because the rest changes the page.
      trial?.end({ response: selected.join(" "), correct: !isMiss });
      movements.push(movement);
      if (step < order.length) begin(step + 1);
      light(step + 1);
      if (step < order.length) return;
      ending.abort();
      setTimeout(resolve, REST_MS, { movements, doubleTaps, pointer });
    };

    const listen = (target, name, handler) =>
      target.addEventListener(name, handler, { signal: ending.signal });
    listen(field, "pointerdown", press);
    listen(field, "contextmenu", (event) => event.preventDefault());
    listen(window, "resize", () => {
      if (sizeOf(field).join() !== size.join()) end({ stopped: "window" });
    });
    listen(window, "blur", () => pointer && end({ stopped: "left" }));
    listen(
      document,
      "visibilitychange",
      () => document.hidden && pointer && end({ stopped: "left" }),
    );
    listen(dialog, "close", () => end({ stopped: "stop" }));
    light(0);
  });

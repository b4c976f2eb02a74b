// What is known about the shown sample, in words beside the drawing.

import { NOTHING, writeWhole } from "../numerals.js";

const writePlace = (x, y) => `${writeWhole(x)}, ${writeWhole(y)} px`;

const factsOf = (sample, scene, mark) => ({
  position: sample ? writePlace(sample.x, sample.y) : NOTHING,
  onPage: scene ? writePlace(sample.x + scene.scrollX, sample.y + scene.scrollY) : NOTHING,
  page: scene ? scene.page || "not named by its site" : NOTHING,
  viewport: scene ? `${writeWhole(scene.width)} × ${writeWhole(scene.height)} px` : NOTHING,
  pointer: scene?.pointer ?? NOTHING,
  mark: mark?.name ?? NOTHING,
});

export const createFacts = (root) => {
  const places = [...root.querySelectorAll("[data-fact]")];
  const note = root.querySelector("[data-no-scene]");
  return (sample, scene, mark) => {
    const facts = factsOf(sample, scene, mark);
    note.hidden = !sample || Boolean(scene);
    for (const place of places) {
      const text = facts[place.dataset.fact];
      if (place.textContent !== text) place.textContent = text;
    }
  };
};

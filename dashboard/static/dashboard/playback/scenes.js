// The scenes around the play head. A sample's scene is the latest one with (time, seq) at or before
// the sample's.

import { toMs } from "./samples.js";

const toScene = (row) => ({
  time: row.time ? toMs(row.time) : 0,
  seq: row.seq ?? 0,
  width: row.viewport_width,
  height: row.viewport_height,
  documentWidth: row.document_width,
  documentHeight: row.document_height,
  scrollX: row.scroll_x,
  scrollY: row.scroll_y,
  pointer: row.pointer,
  page: row.page ?? "",
});

const isAfter = (scene, time, seq) => scene.time > time || (scene.time === time && scene.seq > seq);

export const createScenes = () => {
  let scenes = [];

  const placeAt = (time, seq) => {
    let [low, high] = [0, scenes.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (isAfter(scenes[middle], time, seq)) high = middle;
      else low = middle + 1;
    }
    return low - 1;
  };

  return {
    clear: () => {
      scenes = [];
    },
    // The scene of a run's first sample, whose own key may lie before the run.
    begin: (row) => {
      scenes = [{ ...toScene(row), time: Number.NEGATIVE_INFINITY, seq: 0 }];
    },
    append: (rows) => {
      for (const row of rows) scenes.push(toScene(row));
    },
    count: () => scenes.length,
    at: ({ time, seq }) => scenes[placeAt(time, seq)] ?? null,

    // Drops the scenes that no sample from this one on has.
    forget: ({ time, seq }) => {
      const place = placeAt(time, seq);
      if (place > 0) scenes.splice(0, place);
    },
  };
};

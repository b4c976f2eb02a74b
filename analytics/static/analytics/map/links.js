// The links of a map that is shown: to the same view, and to its exports.

import { mapUrl } from "./read-maps.js";
import { addressOf } from "./view.js";

// `maps` are the one that is shown, or A and B. Their times are fixed, so that a link shows the same.
export const pointLinks = (root, view, [map, other]) => {
  const fixed = { ...view, since: map.since, until: map.until, width: String(map.width ?? "") };
  const times = other && view.compare === "range" ? [other.since, other.until] : ["", ""];
  [fixed.b_since, fixed.b_until] = times;
  root.querySelector("[data-copy-view]").dataset.copy = location.origin + addressOf(fixed);
  const { pointer, weight, label } = view;
  const { since, until, width } = fixed;
  const asked = Object.entries({ since, until, width, pointer, weight, label });
  const query = new URLSearchParams(asked.filter(([, value]) => value));
  for (const link of root.querySelectorAll("[data-export]")) {
    query.set("format", link.dataset.export);
    link.href = mapUrl(root.dataset, query);
  }
};

// The colours of a map, of the theme in use. map.css has them, from nothing to the highest value.

const STEPS = 256;
// Where the colour stops being see-through, as a share of the ramp.
const SOLID = 0.3;
const HEAT = ["--heat-0", "--heat-1", "--heat-2", "--heat-3", "--heat-4"];

// More in A, and more in B. Nothing is drawn where both are the same.
const MORE_A = ["--more-a-0", "--more-a-1", "--more-a-2"];
const MORE_B = ["--more-b-0", "--more-b-1", "--more-b-2"];

// Returns [r, g, b] of colours that the stylesheet names.
const resolve = (names) => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const element = document.body.appendChild(document.createElement("i"));
  const colours = names.map((name) => {
    element.style.color = `var(${name})`;
    probe.fillStyle = getComputedStyle(element).color;
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
  });
  element.remove();
  return colours;
};

const between = (stops, share) => {
  const place = share * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  return stops[low].map((part, i) => part + (stops[low + 1][i] - part) * (place - low));
};

const rampOf = (names) => {
  const stops = resolve(names);
  return Array.from({ length: STEPS }, (_, i) => {
    const share = i / (STEPS - 1);
    return [...between(stops, share), 255 * Math.min(1, share / SOLID)];
  });
};

// Returns a function of a value from -1 to 1 to [r, g, b, alpha].
export const createColours = ({ isCompared }) => {
  const [above, below] = isCompared ? [rampOf(MORE_A), rampOf(MORE_B)] : [rampOf(HEAT), []];
  return (value) =>
    (value < 0 ? below : above)[Math.round(Math.sqrt(Math.abs(value)) * (STEPS - 1))];
};

export const colourOf = (name) => `rgb(${resolve([name])[0].join(" ")})`;

// A small SVG line of the last two minutes; seconds without a status are zero.

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 120;
const HEIGHT = 24;
// The least height of the scale, so that slow movement does not look fast.
const LEAST = 400;

export const toPath = (velocities, seconds) => {
  const values = new Array(seconds).fill(0);
  for (const [second, velocity] of velocities) if (second < seconds) values[second] = velocity;
  const top = Math.max(LEAST, ...values);
  const points = values.map((value, i) => {
    const x = (i / (seconds - 1)) * WIDTH;
    const y = HEIGHT - 1 - (value / top) * (HEIGHT - 2);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return `M${points.join("L")}`;
};

export const createSparkline = () => {
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "sparkline");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(NAMESPACE, "path");
  path.setAttribute("class", "sparkline-line");
  svg.append(path);
  return {
    svg,
    draw: (velocities, seconds) => path.setAttribute("d", toPath(velocities, seconds)),
    clear: () => path.removeAttribute("d"),
  };
};

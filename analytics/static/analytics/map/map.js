// The page of a page's map: it reads the map, draws it, and keeps the view in the address.

import { listenToCopies } from "../../dashboard/copy.js";
import { offerShare } from "../../dashboard/offer-share.js";
import { openShare } from "../../dashboard/open-share.js";
import { listenToBackdrop } from "./backdrop.js";
import { showCells, showDifferences } from "./cells-table.js";
import { subtract, toShares } from "./comparison.js";
import { createControls } from "./controls.js";
import { createCursor } from "./cursor.js";
import { listFacts, showFacts, showLegend } from "./facts.js";
import { CELL_PX, highest, measure, smooth, sumRows, toGrid } from "./grid.js";
import { showHours } from "./hours.js";
import { pointLinks } from "./links.js";
import { colourOf, createColours } from "./palette.js";
import { drawMap, drawProfile } from "./picture.js";
import { createReader } from "./read-maps.js";
import { savePicture } from "./save.js";
import { addressOf, opacityOf, readView, smoothingOf } from "./view.js";
import { writeCell, writeEmpty, writePair } from "./words.js";

// The least width of the picture, in a window of any width.
const LEAST_PX = 160;
const FAULTS = {
  0: "The service does not answer. Check the connection.",
  400: "The address asks for something that the service does not know.",
  404: "There is no such page.",
  429: "You have read too much in a short time. Wait a minute.",
  503: "The service has too much to do. Wait a moment.",
};

const root = document.querySelector("[data-map]");
const part = (name) => root.querySelector(`[data-${name}]`);
const say = (name, text) => {
  const element = part(name);
  if (element.textContent !== text) element.textContent = text;
};
const sizes = JSON.parse(document.getElementById("map-sizes").textContent);
const picture = part("picture");

const isShared = "shared" in root.dataset;

let view = readView({ isShared });
let turn = 0;
// The maps that are shown, what is drawn of them, and their extent; null before the first.
let shown = null;
let backdrop = null;

const setState = (state, words = "") => {
  root.dataset.state = state;
  say("said", words);
  part("save").disabled = state !== "shown";
};

// ---- what is shown

const showProblem = (problem) => {
  const isDenied = problem.status === 401 || problem.status === 403;
  setState(isDenied ? "denied" : "error", isDenied ? "No access." : "No map.");
  part("log-in").search = new URLSearchParams({ next: location.pathname + location.search });
  say("error-title", problem.status ? "The service gave no map" : "The service does not answer");
  const words = FAULTS[problem.status] ?? "";
  say("error-words", `${words} Report ${problem.status} ${problem.code} if it stays.`.trim());
};

const writeRead = (cell) => {
  const { maps, extent, values, shares } = shown;
  const at = cell[1] * extent.columns + cell[0];
  if (!shares) return writeCell(cell, values[at], maps[0]);
  return writePair(
    cell,
    shares.map((grid) => grid[at]),
  );
};

const readOut = (cell, isSpoken) => {
  if (!shown) return;
  const text = cell ? writeRead(cell) : "Point at the map to read a cell.";
  say("readout", text);
  if (isSpoken) say("spoken", text);
};

// The cell with the highest value, or with the largest difference.
const hottest = () => {
  const { values, extent } = shown;
  const most = highest(values);
  const at = Math.max(
    0,
    values.findIndex((value) => Math.abs(value) === most),
  );
  return [at % extent.columns, Math.floor(at / extent.columns)];
};

const scaleOf = ({ columns }) => {
  const profile = part("profile");
  // The stylesheet then gives it its share of the new width.
  profile.style.width = "";
  const gap = Number.parseFloat(getComputedStyle(part("scroll")).columnGap) || 0;
  const room = part("scroll").clientWidth - profile.offsetWidth - gap - 2;
  return Math.min(1, Math.max(room, LEAST_PX) / (columns * CELL_PX));
};

const draw = () => {
  if (!shown) return;
  const { extent, values, shares, sums } = shown;
  const isCompared = Boolean(shares);
  const sigma = smoothingOf(view);
  const grid = smooth(values, extent, sigma);
  const layer = { grid, most: highest(grid) };
  const scale = scaleOf(extent);
  const options = { layer, extent, scale, opacity: opacityOf(view), backdrop };
  drawMap(picture, { ...options, colours: createColours({ isCompared }), isSmooth: sigma > 0 });
  const height = extent.rows * CELL_PX * scale;
  const width = part("profile").offsetWidth;
  const names = isCompared ? ["--more-a-1", "--more-b-1"] : ["--average"];
  drawProfile(part("profile"), sums, { width, height, colours: names.map(colourOf) });
  showLegend(root, layer.most, shown);
  cursor.fit({ extent, scale, hottest });
};

const showEmpty = (maps) => {
  shown = null;
  const [title, words] = writeEmpty(maps);
  say("empty-title", title);
  say("empty-words", words);
  setState("empty", "Nothing to show.");
};

// Shows one map, or the comparison of A and B.
const show = (maps) => {
  controls.showMap(view, maps[0]);
  pointLinks(root, view, maps);
  root.toggleAttribute("data-compare", maps.length > 1);
  if (maps.some(({ samples }) => !samples)) {
    showEmpty(maps);
    return;
  }
  const extent = measure(maps, sizes[maps[0].width]);
  const grids = maps.map(({ cells }) => toGrid(cells, extent));
  const shares = maps.length > 1 ? grids.map((grid, i) => toShares(grid, maps[i].total)) : null;
  const values = shares ? subtract(...shares) : grids[0];
  shown = { maps, extent, values, shares, sums: sumRows(values, extent) };
  root.style.setProperty("--page-width", `${extent.columns * CELL_PX}px`);
  setState("shown");
  if (shares) showDifferences(root, { differences: values, shares, columns: extent.columns });
  else showCells(root, maps[0]);
  showFacts(root, shown);
  draw();
};

const load = async () => {
  turn += 1;
  const mine = turn;
  setState("loading", "Reading the map.");
  controls.showView(view);
  try {
    const maps = await readMaps(view);
    if (mine !== turn) return;
    show(maps);
    const isWanted = () => shown?.maps === maps && mine === turn;
    if (shown) showHours(part("hours"), { apiUrl: root.dataset.apiUrl, map: maps[0], isWanted });
  } catch (fault) {
    if (fault.status === undefined) throw fault;
    if (mine === turn) showProblem(fault);
  }
};

// ---- what changes it

const changeView = (change, { isDrawn = false } = {}) => {
  const before = addressOf(view);
  view = { ...view, ...change };
  if (addressOf(view) === before) return;
  if (isDrawn) {
    history.replaceState(null, "", addressOf(view));
    controls.showView({ ...view, width: String(shown?.maps[0].width ?? view.width) });
    if (shown) pointLinks(root, view, shown.maps);
    requestAnimationFrame(draw);
  } else {
    history.pushState(null, "", addressOf(view));
    load();
  }
};

const save = () => {
  const { pageId, title } = root.dataset;
  savePicture(picture, { title, notes: listFacts(root), name: `pointerscope-page-${pageId}-map` });
};

const controls = createControls(root, { onView: changeView });
const readMaps = createReader(root.dataset, { secondsOf: controls.secondsOf });
const cursor = createCursor(picture, part("cell-mark"), { onCell: readOut });

listenToBackdrop(root, {
  onPicture: (image) => {
    backdrop = image;
    draw();
  },
  onSaid: (text) => say("said", text),
});
part("save").addEventListener("click", save);
part("again").addEventListener("click", load);
addEventListener("popstate", () => {
  view = readView({ isShared });
  load();
});
let width = 0;
new ResizeObserver(([{ contentRect }]) => {
  // Drawing changes the height.
  if (contentRect.width !== width) draw();
  width = contentRect.width;
}).observe(part("figure"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
listenToCopies();
// Opens a share link in the address, if there is one; the page does not say if it has ended.
openShare(root);
offerShare(root, { path: `pages/${root.dataset.pageId}` });
load();

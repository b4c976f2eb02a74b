// The page of a study: its filters, its figures, and reading them again while trials come.

import { Problem, readJson } from "../../dashboard/api.js";
import { listenToCopies } from "../../dashboard/copy.js";
import { describeFault, mayPass } from "../../dashboard/faults.js";
import { createFilters, parseTime, readFilters } from "../../dashboard/filters.js";
import {
  NOTHING,
  writeMoment,
  writeRange,
  writeWhole,
  writeZone,
} from "../../dashboard/numerals.js";
import { offerShare } from "../../dashboard/offer-share.js";
import { createLegend } from "./legend.js";
import { showMeasures } from "./measures.js";
import { createPaths } from "./paths.js";
import { showPeople } from "./people.js";
import { createQuality } from "./quality.js";

const NAMES = ["time", "since", "until", "condition", "label", "exclude"];
const DAY_MS = 86_400_000;
const DAYS = { "24h": 1, "7d": 7, "30d": 30 };
const PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 10_000;
// A trial that is made anew does not change the stamp.
const LONGEST_STAMP_MS = 60_000;

const REFUSED = [401, 403];

const root = document.querySelector("[data-study-page]");
const part = (name) => root.querySelector(`[data-${name}]`);
const form = part("filters");
const exclude = form.elements.exclude;

let timer = 0;
let stamp = "";
let readAt = 0;
let isReading = false;
let pause = PAUSE_MS;

// The service refuses what is not a time.
const writeTime = (time) => (Number.isNaN(time) ? "none" : new Date(time).toISOString());

// The filters as the service takes them: a length of time becomes its start.
const toQuery = (filters) => {
  const query = new URLSearchParams(filters);
  query.set("study", root.dataset.study);
  if (query.has("time"))
    query.set("since", writeTime(Date.now() - DAYS[query.get("time")] * DAY_MS));
  query.delete("time");
  for (const name of ["since", "until"])
    if (query.has(name)) query.set(name, writeTime(parseTime(query.get(name))));
  return query;
};

const say = (state, text) => {
  root.dataset.state = state;
  const place = part("study-state");
  if (place.textContent !== text) place.textContent = text;
};

const showLinks = (query) => {
  for (const link of root.querySelectorAll("[data-export]")) {
    const wanted = new URLSearchParams(query);
    wanted.set("format", link.dataset.export);
    link.href = `${root.dataset.apiUrl}${link.dataset.of}?${wanted}`;
  }
  const view = new URLSearchParams(query);
  const isNamed = new URLSearchParams(location.search).has("study");
  if (!isNamed) view.delete("study");
  part("copy-view").dataset.copy =
    `${location.origin}${location.pathname}${view.size ? `?${view}` : ""}`;
};

const writeLeftOut = (chosen, all, otherwise) =>
  chosen === all ? otherwise : `${writeWhole(all - chosen)} of ${writeWhole(all)} left out`;

const showTotals = (totals, query) => {
  const { trials, chosen, instances, chosen_instances: people, last_at: last } = totals;
  const texts = {
    instances: writeWhole(people),
    instances_left_out: writeLeftOut(people, instances, "distinct instances"),
    chosen: writeWhole(chosen),
    left_out: writeLeftOut(chosen, trials, "none left out"),
    last_at: last ? writeMoment(Date.parse(last)) : NOTHING,
  };
  for (const [name, text] of Object.entries(texts)) {
    const place = root.querySelector(`[data-tile="${name}"]`);
    if (place.textContent !== text) place.textContent = text;
  }
  const [since, until] = ["since", "until"].map((name) => Date.parse(query.get(name)));
  part("range").textContent = since && until ? writeRange(since, until) : "";
  part("nothing").hidden = chosen > 0;
  part("board").hidden = !trials;
  part("nothing-head").textContent = trials ? "Every trial is left out" : "No trial matches";
};

const paths = createPaths(root);
const legend = createLegend(part("legend"), root, paths.readAgain);
const quality = createQuality(root, {
  read: () => exclude.value,
  write: (text) => {
    exclude.value = text;
    exclude.dispatchEvent(new Event("change", { bubbles: true }));
  },
});

const showFigures = (figures, totals) => {
  const { conditions } = figures;
  legend.show(figures);
  paths.show(figures);
  showMeasures(root, figures, JSON.parse(document.querySelector("#study-measures").textContent));
  showPeople(root, figures);
  quality.show(figures, totals);
  const options = conditions.map(({ condition }) => new Option(condition, condition));
  part("known-conditions").replaceChildren(...options);
};

const later = (wait) => {
  clearTimeout(timer);
  timer = setTimeout(load, wait);
};

const load = async () => {
  clearTimeout(timer);
  if (document.hidden || isReading) return;
  const asked = location.search;
  const query = toQuery(readFilters(NAMES));
  const call = new URLSearchParams(query);
  if (Date.now() - readAt < LONGEST_STAMP_MS) call.set("stamp", stamp);
  showLinks(query);
  isReading = true;
  try {
    const answer = await readJson(`${root.dataset.figuresUrl}?${call}`);
    // The user may have changed a filter meanwhile.
    if (location.search !== asked) return later(0);
    showTotals(answer, query);
    if (answer.figures) {
      showFigures(answer.figures, answer);
      stamp = answer.stamp;
      readAt = Date.now();
    }
    say("live", "");
    pause = PAUSE_MS;
    later(pause);
  } catch (fault) {
    if (!(fault instanceof Problem)) throw fault;
    if (location.search !== asked) return later(0);
    const isEnded = "shared" in root.dataset && REFUSED.includes(fault.status);
    say("error", isEnded ? "This study is not shared any more." : describeFault(fault));
    if (mayPass(fault)) later(pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  } finally {
    isReading = false;
  }
};

const filters = createFilters(form, {
  names: NAMES,
  kept: ["study"],
  onChange: () => {
    say("loading", "Reading the trials.");
    readAt = 0;
    quality.tick();
    load();
  },
});
part("clear-all").addEventListener("click", filters.clearAll);
part("zone").textContent = writeZone();
document.addEventListener("visibilitychange", () => load());
listenToCopies();
offerShare(root, { path: "studies", wish: { study: root.dataset.study } });
quality.tick();
load();

// The overview: each part is read by itself, so that none waits for another.

import { listenToCopies } from "../../dashboard/copy.js";
import { startHere } from "./here.js";
import { startNewest, startPages } from "./lists.js";
import { startSeries } from "./series.js";
import { startWeek } from "./week.js";

const root = document.querySelector("[data-overview]");

listenToCopies();
startHere(root);
startSeries(root);
startWeek(root);
startPages(root);
startNewest(root);

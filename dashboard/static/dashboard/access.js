// The page of API keys and share links: times in the viewer's zone, copies, and a question before
// anything is revoked.

import { listenToCopies } from "./copy.js";
import { writeMoment, writeZone } from "./numerals.js";

const showTimes = () => {
  for (const place of document.querySelectorAll("[data-moment]")) {
    const time = Date.parse(place.dateTime);
    place.title = place.textContent;
    place.textContent = `${writeMoment(time)} ${writeZone(time)}`;
  }
};

const ask = ({ ask: title, askMore: more }, onYes) => {
  const dialog = document.querySelector("[data-question]");
  dialog.querySelector("[data-question-title]").textContent = title;
  dialog.querySelector("[data-question-more]").textContent = more;
  dialog.returnValue = "";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && onYes(), { once: true });
  dialog.showModal();
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.ask) return;
  event.preventDefault();
  ask(form.dataset, () => form.submit());
});
showTimes();
listenToCopies();
document.querySelector("[data-made]")?.focus();

// The label of an instance, as staff set it on its page.

import { createApi } from "./api.js";

const root = document.querySelector("[data-live]");
const form = document.querySelector("[data-label-form]");
const opener = document.querySelector("[data-edit-label]");
const heading = document.querySelector("[data-heading]");
const fault = form.querySelector("[data-label-fault]");
const api = createApi(root.dataset.apiUrl);
const field = form.elements.label;
let saved = field.value;

const FAULTS = {
  0: "The service does not answer. Try again.",
  400: "A label has no control characters.",
  401: "You have been logged out. Reload to log in.",
  403: "You may not change this instance.",
  404: "The instance was erased.",
};

const setOpen = (isOpen) => {
  form.hidden = !isOpen;
  opener.setAttribute("aria-expanded", isOpen);
  fault.textContent = "";
  field.value = saved;
  (isOpen ? field : opener).focus();
};

// The server has the words for an instance without a label.
const show = (label) => {
  const name = label || form.dataset.unlabelled;
  document.title = `${name} · Pointerscope`;
  heading.textContent = name;
  // Without a label they are in the heading.
  for (const part of document.querySelectorAll("[data-with-label]")) part.hidden = !label;
  opener.textContent = label ? "Change the label" : "Add a label";
  saved = label;
};

const save = async (event) => {
  event.preventDefault();
  const { value: csrfToken } = form.elements.csrfmiddlewaretoken;
  const { instanceId } = root.dataset;
  try {
    const instance = await api.changeLabel({ instanceId, label: field.value, csrfToken });
    show(instance.label);
    setOpen(false);
  } catch ({ status, message }) {
    fault.textContent = FAULTS[status] ?? `Not saved. Report ${message} if it stays.`;
  }
};

opener.addEventListener("click", () => setOpen(form.hidden));
form.querySelector("[data-cancel-label]").addEventListener("click", () => setOpen(false));
form.addEventListener("keydown", ({ key }) => key === "Escape" && setOpen(false));
form.addEventListener("submit", save);

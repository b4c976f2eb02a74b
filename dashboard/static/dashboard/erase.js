// Erases the instance after a question.

const root = document.querySelector("[data-live]");
const dialog = document.querySelector("[data-erase-dialog]");
const said = dialog.querySelector("[data-erase-said]");
const FAULTS = {
  401: "You have been logged out. Reload to log in.",
  403: "You may not erase this instance.",
};

const erase = async () => {
  said.textContent = "Erasing…";
  const { instanceId, apiUrl } = root.dataset;
  const options = { method: "DELETE", headers: { "X-CSRFToken": dialog.dataset.csrfToken } };
  const { status } = await fetch(`${apiUrl}browsers/${instanceId}/`, options).catch(() => ({
    status: 0,
  }));
  // Somebody else may have erased it meanwhile.
  if (status === 204 || status === 404) location.assign(dialog.dataset.then);
  else
    said.textContent = FAULTS[status] ?? `Not erased: ${status || "the service does not answer"}.`;
};

document.querySelector("[data-erase]").addEventListener("click", () => {
  said.textContent = "";
  dialog.querySelector("[data-heading-copy]").textContent =
    document.querySelector("[data-heading]").textContent;
  dialog.showModal();
});
dialog.querySelector("[data-erase-yes]").addEventListener("click", erase);
dialog.querySelector("[data-erase-no]").addEventListener("click", () => dialog.close());

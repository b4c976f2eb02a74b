// Copy buttons: `data-copy` holds the text, or `data-copy-from` the id of the element with it.

const SAID_MS = 2000;

// Plain HTTP from another machine has no clipboard API; the old command works there.
const copyBySelection = (text, place) => {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  place.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
};

const copy = async (text, place) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, place);
  }
};

// The stylesheet shows the outcome beside the button; the status element tells screen readers.
const say = (button, status, outcome) => {
  button.dataset.copied = outcome;
  status.textContent = outcome;
  setTimeout(() => {
    delete button.dataset.copied;
    status.textContent = "";
  }, SAID_MS);
};

const createStatus = () => {
  const status = document.createElement("p");
  status.className = "hidden";
  status.setAttribute("role", "status");
  document.body.append(status);
  return status;
};

export const listenToCopies = () => {
  const status = createStatus();
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy], [data-copy-from]");
    if (!button) return;
    const { copy: text, copyFrom: source } = button.dataset;
    // Nothing outside of an open dialog can be selected or is read aloud.
    const place = button.closest("dialog") ?? document.body;
    place.append(status);
    const isCopied = await copy(text ?? document.getElementById(source).textContent, place);
    button.focus();
    say(button, status, isCopied ? "Copied" : "Not copied");
  });
};

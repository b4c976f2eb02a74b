// Copy buttons: `data-copy` holds the text, or `data-copy-from` the id of the element with it.

const SAID_MS = 2000;

// Plain HTTP from another machine has no clipboard API; the old command works there.
const copyBySelection = (text) => {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hidden";
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
};

const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
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
    const isCopied = await copy(text ?? document.getElementById(source).textContent);
    button.focus();
    say(button, status, isCopied ? "Copied" : "Not copied");
  });
};

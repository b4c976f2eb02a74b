// The dialog that makes a share link of an instance, a map or a study, to copy or to revoke at once.

import { writeMoment, writeZone } from "./numerals.js";

const DAY_MS = 86_400_000;

const call = async (url, { method, headers, body }) => {
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  if (response.ok) return response.status === 204 ? null : response.json();
  throw new Error(String(response.status));
};

const headersOf = (token, csrfToken) => ({
  "Content-Type": "application/json",
  ...(token ? { Authorization: `Bearer ${token}` } : { "X-CSRFToken": csrfToken }),
});

const writeTime = (time) => `${writeMoment(time)} ${writeZone(time)}`;

// The range and the filters that are shown, so that the link shows the same.
const withView = (address) => {
  const url = new URL(address);
  if (document.querySelector("[data-ranges]")) url.search = location.search;
  if (document.querySelector("[data-study-page]"))
    for (const [name, value] of new URLSearchParams(location.search))
      url.searchParams.set(name, value);
  return url.href;
};

// Without a token, the login of a member of staff makes the link. `path` is the API's path of what
// is shared, by default the instance's. `wish` is more of the body.
export const listenToShare = (
  root,
  { instanceId, token, path = `browsers/${instanceId}`, wish = {} },
) => {
  const dialog = document.querySelector("[data-share-dialog]");
  const button = document.querySelector("[data-share]");
  const part = (name) => dialog.querySelector(`[data-share-${name}]`);
  const shares = `${root.dataset.apiUrl}${path}/shares/`;
  const headers = headersOf(token, dialog.dataset.csrfToken);
  let made = null;

  const say = (text) => {
    part("said").textContent = text;
  };

  const showEnd = () => {
    const days = Number(part("days").value);
    part("end").textContent = `until ${writeTime(Date.now() + days * DAY_MS)}`;
  };

  const show = (share) => {
    made = share;
    part("form").hidden = Boolean(share);
    part("made").hidden = !share;
    if (!share) return;
    const address = withView(share.url);
    part("link").value = address;
    part("copy").dataset.copy = address;
    part("until").textContent = writeTime(Date.parse(share.ends_at));
    part("link").focus();
    part("link").select();
  };

  const make = async (event) => {
    event.preventDefault();
    say("");
    try {
      const body = { ...wish, days: Number(part("days").value) };
      show(await call(shares, { method: "POST", headers, body }));
    } catch ({ message }) {
      say(
        message === "429" ? "Too many links were made. Try again later." : `Not made: ${message}.`,
      );
    }
  };

  const revoke = async () => {
    try {
      await call(`${shares}${made.share_id}/`, { method: "DELETE", headers });
      show(null);
      say("The link is revoked.");
    } catch ({ message }) {
      say(`Not revoked: ${message}.`);
    }
  };

  button.addEventListener("click", () => {
    say("");
    show(null);
    showEnd();
    dialog.showModal();
  });
  part("days").addEventListener("input", showEnd);
  part("form").addEventListener("submit", make);
  part("revoke").addEventListener("click", revoke);
  for (const close of dialog.querySelectorAll("[data-share-close]"))
    close.addEventListener("click", () => dialog.close());
};

// Opens the share link in the address. Its ticket is the fragment, which no server receives and no
// Referer holds; the session then remembers the link.

const PATIENCE_MS = 10_000;
const FAULTS = { 404: "unknown", 410: "ended" };

const forget = () => history.replaceState(null, "", location.pathname + location.search);

const send = (ticket, { shareUrl, csrfToken }) =>
  fetch(shareUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken },
    body: JSON.stringify({ ticket }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });

// Returns the state to show instead of the instance, or null if there is no link to open. After a
// link was opened the page loads again, with what the link permits.
export const openShare = async (root) => {
  const ticket = new URLSearchParams(location.hash.slice(1)).get("share");
  if (!ticket) return null;
  if (!root.dataset.shareUrl) {
    // Staff see the instance without it.
    forget();
    return null;
  }
  const { ok, status } = await send(ticket, root.dataset).catch(() => ({ status: 0 }));
  if (ok || FAULTS[status]) forget();
  if (ok) location.reload();
  return ok ? "connecting" : (FAULTS[status] ?? "offline");
};

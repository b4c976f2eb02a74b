// The write token of a watched instance, from the address's fragment, which no server receives.

const KEY = "pointerscope.tokens";

const recallAll = () => {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
};

const keep = (instanceId, token) => {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...recallAll(), [instanceId]: token }));
  } catch {} // Storage can be forbidden; a reload then asks for the link again.
};

export const takeToken = (instanceId) => {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return recallAll()[instanceId] ?? null;
  keep(instanceId, token);
  // Remove the token from the address bar, so that it is not shared or shown by accident.
  history.replaceState(null, "", location.pathname + location.search);
  return token;
};

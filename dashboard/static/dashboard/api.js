// The service's API, as far as this page reads it. Errors are problem details (RFC 9457).

const PATIENCE_MS = 10000;

export class Problem extends Error {
  constructor(status, code) {
    super(`${status} ${code}`);
    this.status = status; // 0 where nobody answered
    this.code = code;
  }
}

const ask = async (url, headers) => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await fetch(url, { headers, signal, cache: "no-store" });
  } catch {
    throw new Problem(0, "unreachable");
  }
};

export const readJson = async (url, headers) => {
  const response = await ask(url, headers);
  // A proxy between us and the service answers in HTML; an answer can also break off.
  const data = await response.json().catch(() => null);
  if (response.ok && data) return data;
  throw new Problem(response.status, data?.code ?? "no_code");
};

// Without a token, the cookie of a staff member's session may open it.
const bearer = (token) => (token ? { Authorization: `Bearer ${token}` } : {});

export const createApi = (root) => ({
  fetchTime: () => readJson(`${root}time/`),

  fetchInstance: ({ instanceId, token }) =>
    readJson(`${root}browsers/${instanceId}/`, bearer(token)),

  fetchStatuses: ({ instanceId, token, since, until, interval = "1s", points }) => {
    const query = new URLSearchParams({
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      interval,
      ...(points ? { max_points: points } : {}),
    });
    return readJson(`${root}browsers/${instanceId}/statuses/?${query}`, bearer(token));
  },
});

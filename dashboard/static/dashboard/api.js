// A client of the service's API. Errors are problem details (RFC 9457).

const PATIENCE_MS = 10000;

export class Problem extends Error {
  constructor(status, code) {
    super(`${status} ${code}`);
    this.status = status; // 0: no answer
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
  // A proxy in between answers in HTML, and an answer can be cut short.
  const data = await response.json().catch(() => null);
  if (response.ok && data) return data;
  throw new Problem(response.status, data?.code ?? "no_code");
};

// Without a token, a staff member's session cookie may grant access.
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

// A client of the service's API. Errors are problem details (RFC 9457).

const PATIENCE_MS = 10000;

export class Problem extends Error {
  constructor(status, code) {
    super(`${status} ${code}`);
    this.status = status; // 0: no answer
    this.code = code;
  }
}

const ask = async (url, headers, options) => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await fetch(url, { ...options, headers, signal, cache: "no-store" });
  } catch {
    throw new Problem(0, "unreachable");
  }
};

export const readJson = async (url, headers, options) => {
  const response = await ask(url, headers, options);
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

  // By a staff member's session, which needs the CSRF token.
  changeLabel: ({ instanceId, label, csrfToken }) =>
    readJson(
      `${root}browsers/${instanceId}/`,
      { "Content-Type": "application/json", "X-CSRFToken": csrfToken },
      { method: "PATCH", body: JSON.stringify({ label }) },
    ),

  fetchStatuses: ({ instanceId, token, since, until, interval = "1s", points }) => {
    const query = new URLSearchParams({
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      interval,
      ...(points ? { max_points: points } : {}),
    });
    return readJson(`${root}browsers/${instanceId}/statuses/?${query}`, bearer(token));
  },

  // The first 1,000 of the range.
  fetchMarks: ({ instanceId, token, since, until, name }) => {
    const query = new URLSearchParams({
      since: new Date(since).toISOString(),
      until: new Date(until).toISOString(),
      ...(name ? { name } : {}),
    });
    return readJson(`${root}browsers/${instanceId}/marks/?${query}`, bearer(token));
  },
});

// What a page says about a call that failed, and whether it is worth another try.

const FAULTS = {
  0: "The service does not answer. Trying again.",
  400: "The address has a filter or a page that does not exist. Clear the filters.",
  401: "You have been logged out. Reload to log in.",
  403: "You have been logged out. Reload to log in.",
};

export const describeFault = ({ status, message }) =>
  FAULTS[status] ?? `Server error. Report ${message} if it stays.`;

// Temporary faults are retried; a wrong address or token is not.
export const mayPass = ({ status }) => status === 0 || status === 429 || status >= 500;

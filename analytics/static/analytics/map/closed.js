// The page of a map for those who may not see it yet: it opens the share link in its address.

import { openShare } from "../../dashboard/open-share.js";

const root = document.querySelector("[data-closed]");

// After a link was opened the page loads again.
root.dataset.state = (await openShare(root)) ?? "denied";

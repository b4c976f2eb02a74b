// The address of a study's page. Its name comes from a site's code and may be anything.

export const NO_STUDY = "Trials without a study";

// An address cannot hold other names as a folder.
const isFolder = (name) => name && name !== "." && name !== ".." && !/[\p{Cc}\\]/u.test(name);

// `studiesUrl` is that of the list, `studyUrl` that of the page of any name.
export const urlOfStudy = (name, { studiesUrl, studyUrl }) =>
  isFolder(name)
    ? `${studiesUrl}${encodeURIComponent(name)}/`
    : `${studyUrl}?study=${encodeURIComponent(name)}`;

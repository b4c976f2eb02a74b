// The dialog's code and style are loaded when it is asked for, so that a first visit does not carry
// them.
export const offerShare = (root, source) => {
  const button = document.querySelector("[data-share]");
  if (!button) return;
  const open = async () => {
    const style = document.createElement("link");
    const isStyled = new Promise((resolve) => {
      style.onload = style.onerror = resolve;
    });
    Object.assign(style, { rel: "stylesheet", href: button.dataset.shareStyle });
    document.head.append(style);
    const [{ listenToShare }] = await Promise.all([import("./share.js"), isStyled]);
    listenToShare(root, source);
    button.click();
  };
  button.addEventListener("click", open, { once: true });
  button.disabled = false;
};

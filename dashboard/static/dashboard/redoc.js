// Redoc loads a logo from another host. Block that request, as if the host were unreachable.
const image = HTMLImageElement.prototype;
const { get } = Object.getOwnPropertyDescriptor(image, "src");

function isElsewhere(address) {
  const { host } = new URL(address, document.baseURI);
  return host !== "" && host !== location.host;
}

image.setAttribute = function (name, value) {
  if (name === "src" && isElsewhere(value)) this.dispatchEvent(new Event("error"));
  else Element.prototype.setAttribute.call(this, name, value);
};
Object.defineProperty(image, "src", {
  get,
  set(value) {
    this.setAttribute("src", value);
  },
});

const place = document.getElementById("redoc");

// Redoc mixes colours itself, so it needs them resolved for the theme that holds.
const colour = (name) => {
  place.style.color = `var(--${name})`;
  return getComputedStyle(place).color;
};

const themeNow = () => {
  const [ink, muted, line, sunken, focus] = ["ink", "muted", "line", "sunken", "focus"].map(colour);
  const [surface, ground, live, trouble] = ["surface", "ground", "live", "trouble"].map(colour);
  // What Redoc writes into samples of code is for a dark ground in either theme.
  place.style.colorScheme = "dark";
  const [darkInk, darkSunken, darkSurface] = ["ink", "sunken", "surface"].map(colour);
  const [darkLive, darkTrouble] = ["live", "trouble"].map(colour);
  place.removeAttribute("style");
  return {
    colors: {
      primary: { main: focus },
      success: { main: live },
      error: { main: trouble },
      text: { primary: ink, secondary: muted },
      border: { dark: line, light: line },
      responses: {
        success: { color: live, backgroundColor: ground, tabTextColor: darkLive },
        error: { color: trouble, backgroundColor: ground, tabTextColor: darkTrouble },
      },
    },
    schema: { nestedBackground: sunken, linesColor: line, typeNameColor: muted },
    sidebar: { backgroundColor: sunken, textColor: ink, activeTextColor: focus },
    rightPanel: {
      backgroundColor: darkSunken,
      textColor: darkInk,
      servers: {
        overlay: { backgroundColor: surface, textColor: ink },
        url: { backgroundColor: sunken },
      },
    },
    codeBlock: { backgroundColor: darkSurface },
    typography: {
      fontFamily: "system-ui, sans-serif",
      headings: { fontFamily: "system-ui, sans-serif" },
      code: { color: ink, backgroundColor: sunken },
      links: { color: focus, visited: focus, hover: focus },
    },
  };
};

Redoc.init(place.dataset.schema, { nonce: place.dataset.nonce, theme: themeNow() }, place);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (!document.documentElement.dataset.theme) location.reload();
});

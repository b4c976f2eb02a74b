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

Redoc.init(place.dataset.schema, { nonce: place.dataset.nonce }, place);

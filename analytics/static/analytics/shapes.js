// Elements of SVG drawings.

const SVG = "http://www.w3.org/2000/svg";

export const createShape = (tag, attributes) => {
  const shape = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
  return shape;
};

// Saves the picture as PNG, with words about what it shows.

import { colourOf } from "./palette.js";

const MARGIN = 24;
const LINE = 22;
const LEAST = 640;

const wrap = (context, text, width) => {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (context.measureText(longer).width > width && lines.at(-1)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
};

const compose = (picture, { title, notes }) => {
  const canvas = document.createElement("canvas");
  const width = Math.max(picture.width, LEAST);
  const context = canvas.getContext("2d");
  const font = "15px system-ui, sans-serif";
  context.font = font;
  const lines = notes.flatMap((note) => wrap(context, note, width));
  canvas.width = width + 2 * MARGIN;
  canvas.height = picture.height + (lines.length + 1) * LINE + 3 * MARGIN;
  context.fillStyle = colourOf("--surface");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colourOf("--ink");
  context.font = `600 ${font}`;
  context.fillText(title, MARGIN, MARGIN + LINE / 2, width);
  context.font = font;
  lines.forEach((line, i) => {
    context.fillText(line, MARGIN, MARGIN + LINE * (i + 1.5));
  });
  const top = (lines.length + 1) * LINE + 2 * MARGIN;
  context.drawImage(picture, MARGIN, top);
  context.strokeStyle = colourOf("--line-strong");
  context.strokeRect(MARGIN - 0.5, top - 0.5, picture.width + 1, picture.height + 1);
  return canvas;
};

export const savePicture = async (picture, { title, notes, name }) => {
  const canvas = compose(picture, { title, notes });
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.png`;
  link.click();
  URL.revokeObjectURL(link.href);
};

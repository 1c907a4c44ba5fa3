// A thumbnail beside the photo, divided by a border that moves.

import { byId } from "./elements.js";
import { currentPhoto } from "./photo.js";
import { t } from "./texts.js";

// Side of the pictures that are compared to find the part of the photo in a thumbnail, pixels.
const SIDE = 48;
const STEPS = 50;

export function initialiseComparison() {
  const range = byId("compare-range");
  const place = () => byId("comparison").style.setProperty("--border", `${range.value}%`);
  range.addEventListener("input", place);
  place();
  byId("compare-close").addEventListener("click", () => byId("compare").close());
}

export async function openComparison(name, image) {
  const photo = currentPhoto();
  byId("compare-title").textContent = t("compare_title", { name });
  byId("compare-thumbnail").src = image.src;
  const original = byId("compare-original");
  original.src = photo?.address ?? "";
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const style = byId("comparison").style;
  style.setProperty("--ratio", `${width} / ${height}`);
  style.setProperty("--width", `${width}px`);
  if (photo?.width > 0) {
    await original.decode();
    const { fit, position } = findPart(original, image);
    original.style.setProperty("object-fit", fit);
    original.style.setProperty("object-position", position);
  }
  byId("compare").showModal();
  byId("compare-range").focus();
}

// Finds how the thumbnail shows the photo: stretched, padded, or which part of it. `gravity/auto` chooses a part that only the
// function knows, so the most similar one is searched.
function findPart(photo, thumbnail) {
  const ratio = thumbnail.naturalWidth / thumbnail.naturalHeight;
  // Rounded to whole pixels, a proportion differs a little.
  const shape = photo.naturalWidth / photo.naturalHeight;
  if (Math.abs(ratio / shape - 1) < 1 / Math.min(thumbnail.naturalWidth, thumbnail.naturalHeight)) return { fit: "fill", position: "50% 50%" };
  const wanted = pixels((context) => context.drawImage(thumbnail, 0, 0, SIDE, SIDE));
  const [small, width, height] = reduced(photo);
  const relative = ratio / shape;
  // Parts of width and height that fill the box.
  const [partX, partY] = relative < 1 ? [relative, 1] : [1, 1 / relative];
  const candidates = [
    { fit: "fill", position: "50% 50%", draw: (context) => context.drawImage(small, 0, 0, SIDE, SIDE) },
    { fit: "contain", position: "50% 50%", draw: (context) => {
      const [x, y] = [SIDE * partY, SIDE * partX];
      context.drawImage(small, (SIDE - x) / 2, (SIDE - y) / 2, x, y);
    } },
  ];
  for (let step = 0; step <= STEPS; step += 1) {
    const at = step / STEPS;
    candidates.push({ fit: "cover", position: `${at * 100}% ${at * 100}%`, draw: (context) =>
      context.drawImage(small, at * (1 - partX) * width, at * (1 - partY) * height, partX * width, partY * height, 0, 0, SIDE, SIDE) });
  }
  let best = { difference: Infinity };
  for (const candidate of candidates) {
    const have = pixels(candidate.draw);
    const difference = have.reduce((sum, value, index) => sum + Math.abs(value - wanted[index]), 0);
    if (difference < best.difference) best = { ...candidate, difference };
  }
  return best;
}

// The photo at some 256 pixels, which is faster to draw from.
function reduced(photo) {
  const scale = Math.min(1, 256 / Math.max(photo.naturalWidth, photo.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(photo.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(photo.naturalHeight * scale));
  canvas.getContext("2d").drawImage(photo, 0, 0, canvas.width, canvas.height);
  return [canvas, canvas.width, canvas.height];
}

function pixels(draw) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [SIDE, SIDE];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  draw(context);
  return context.getImageData(0, 0, SIDE, SIDE).data;
}

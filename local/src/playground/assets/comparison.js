// A thumbnail beside the exact reduction of the photo, divided by a border that moves.

import { byId } from "./elements.js";
import { t } from "./texts.js";

export function initialiseComparison() {
  const range = byId("compare-range");
  const place = () => byId("comparison").style.setProperty("--border", `${range.value}%`);
  range.addEventListener("input", place);
  place();
  byId("compare-close").addEventListener("click", () => byId("compare").close());
}

// Opens the comparison of an image with the picture at an address, which has the same size.
export async function openComparison(name, image, exact) {
  byId("compare-title").textContent = t("compare_title", { name });
  byId("compare-thumbnail").src = image.src;
  const original = byId("compare-original");
  original.src = exact;
  const style = byId("comparison").style;
  style.setProperty("--ratio", `${image.naturalWidth} / ${image.naturalHeight}`);
  style.setProperty("--width", `${image.naturalWidth}px`);
  await original.decode().catch(() => {});
  byId("compare").showModal();
  byId("compare-range").focus();
}

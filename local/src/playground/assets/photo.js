// The photo: dropped, pasted, chosen from files or from those that come with the page.

import { readSample, sampleAddress } from "./api.js";
import { option } from "./configuration.js";
import { byId, bytes, element } from "./elements.js";
import { setFocus } from "./form.js";
import { inEveryLanguage, t } from "./texts.js";

// Most photos that can be shown again by a button.
const MAX_TAKEN = 12;

let photo = null;
let taken = [];
let samples = [];
let chosen = () => {};
let size = null;

export const currentPhoto = () => photo;

export function initialisePhoto(offered, onChoose) {
  chosen = onChoose;
  samples = offered;
  const file = byId("file");
  byId("choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    take([...file.files]);
    file.value = "";
  });
  takeDrops(byId("drop"));
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length > 0) {
      event.preventDefault();
      take(files);
    }
  });
  inEveryLanguage(drawChoices);
  inEveryLanguage(drawFacts);
}

function takeDrops(drop) {
  // Dropped beside the field, a photo would replace the page.
  for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());
  window.addEventListener("dragenter", () => drop.classList.add("over"));
  window.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  window.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
}

// Buttons of the photos that were taken and of those that come with the page.
function drawChoices() {
  const button = (name, address, choose, pressed) =>
    element("button", { type: "button", class: "sample", "aria-label": name, title: name, "aria-pressed": String(pressed), onclick: choose },
      element("img", { src: address, alt: "", loading: "lazy" }));
  const own = taken.map((one) => button(one.name, one.address, () => show(one), one === photo));
  const names = taken.map(({ name }) => name);
  const offered = samples.filter(({ name }) => !names.includes(name)).map(({ name }) =>
    button(name, sampleAddress(name), async () => take([await readSample(name)]), false));
  const all = [...own, ...offered];
  const title = element("p", { class: "hint", text: t(own.length > 0 ? "choices" : "samples") });
  byId("samples").replaceChildren(...(all.length > 0 ? [title, ...all] : []));
}

const OTHER_TYPES = { tif: "image/tiff", tiff: "image/tiff", avif: "image/avif", heic: "image/heic", bmp: "image/bmp" };

// Takes files, and shows the first of them.
function take(files) {
  const photos = files.slice(0, MAX_TAKEN).map((blob) => {
    const name = blob.name || "pasted.png";
    const type = blob.type || OTHER_TYPES[name.split(".").at(-1).toLowerCase()] || "application/octet-stream";
    return { name, blob, type, bytes: blob.size, address: URL.createObjectURL(blob), width: 0, height: 0 };
  });
  if (photos.length === 0) return;
  const names = photos.map(({ name }) => name);
  const all = [...photos, ...taken.filter(({ name }) => !names.includes(name))];
  for (const former of [...taken, ...all.slice(MAX_TAKEN)]) {
    if (!all.slice(0, MAX_TAKEN).includes(former)) URL.revokeObjectURL(former.address);
  }
  taken = all.slice(0, MAX_TAKEN);
  show(photos[0]);
}

// Shows a photo, and has its thumbnails made.
async function show(next) {
  photo = next;
  const image = element("img", { alt: next.name, src: next.address });
  try {
    await image.decode();
    [next.width, next.height] = [image.naturalWidth, image.naturalHeight];
  } catch {
    // A format that this browser does not have. The function may have it.
  }
  if (next !== photo) return;
  const mark = element("span", { class: "mark", id: "mark", hidden: true });
  const crop = element("span", { class: "crop", id: "crop", hidden: true });
  byId("stage").replaceChildren(...(next.width > 0 ? [image, crop, mark] : []));
  image.addEventListener("click", click);
  byId("source").hidden = false;
  byId("invitation").hidden = true;
  drawChoices();
  drawFacts();
  drawCrop();
  chosen();
}

function drawFacts() {
  if (!photo) return;
  const facts = { name: photo.name, bytes: bytes(photo.bytes), size: `${photo.width} × ${photo.height}` };
  const takesPoint = size && option(size, "focus") && photo.width > 0;
  byId("source-facts").replaceChildren(
    t(photo.width > 0 ? "source_facts" : "source_unshown", facts),
    ...(takesPoint ? [element("br"), element("b", { text: t("focus_hint", { name: size.name }) })] : []),
  );
  byId("stage").classList.toggle("takes-point", Boolean(takesPoint));
}

// Shows which part of the photo a size keeps.
export function showSize(next) {
  size = next;
  drawFacts();
  drawCrop();
}

function click(event) {
  if (!size || !option(size, "focus")) return;
  const box = event.target.getBoundingClientRect();
  setFocus(size, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  drawCrop();
}

// Parts of width and height that come to the middle, by the name of the place.
function center(name) {
  const x = name.includes("west") ? 0 : name.includes("east") ? 1 : 0.5;
  const y = name.includes("north") ? 0 : name.includes("south") ? 1 : 0.5;
  return [x, y];
}

function drawCrop() {
  const [crop, mark] = [byId("crop"), byId("mark")];
  if (!crop) return;
  const isCover = size && size.raw === null && option(size, "fit") === "cover" && size.width > 0 && size.height > 0;
  const focus = isCover ? option(size, "focus") : "";
  const gravity = isCover ? option(size, "gravity") || "center" : "auto";
  crop.hidden = !isCover || (!focus && gravity === "auto");
  mark.hidden = !focus;
  if (crop.hidden) return;
  const ratio = size.width / size.height / (photo.width / photo.height);
  const [width, height] = ratio < 1 ? [ratio, 1] : [1, 1 / ratio];
  const point = focus ? focus.split("x").map(Number) : center(gravity);
  const start = (at, length) => (focus ? Math.min(1 - length, Math.max(0, at - length / 2)) : at * (1 - length));
  const place = (style, name, part) => style.setProperty(name, `${part * 100}%`);
  place(crop.style, "left", start(point[0], width));
  place(crop.style, "top", start(point[1], height));
  place(crop.style, "width", width);
  place(crop.style, "height", height);
  place(mark.style, "left", point[0]);
  place(mark.style, "top", point[1]);
}

// The photo: dropped, pasted, chosen from files or from those that come with the page.

import { readSample, sampleAddress } from "./api.js";
import { option } from "./configuration.js";
import { byId, bytes, element, percent } from "./elements.js";
import { setFocus } from "./form.js";
import { inEveryLanguage, t } from "./texts.js";

// Most photos that can be shown again by a button.
const MAX_TAKEN = 12;

let photo = null;
let taken = [];
let samples = [];
let chosen = () => {};
let size = null;
let part = null;
let partName = "";

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
  inEveryLanguage(drawCrop);
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
  part = null;
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

// Shows the point of a size, which a click on the photo sets.
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

// Shows the part of the photo that a thumbnail shows: left, top, width and height as parts of the photo. The program tells it.
export function showPart(next, name) {
  [part, partName] = [next ?? null, name ?? ""];
  drawCrop();
}

function drawCrop() {
  const [crop, mark] = [byId("crop"), byId("mark")];
  if (!crop) return;
  const place = (style, name, value) => style.setProperty(name, `${value * 100}%`);
  const isWhole = part && part[2] > 0.999 && part[3] > 0.999;
  crop.hidden = !part;
  crop.dataset.name = partName;
  crop.classList.toggle("whole", Boolean(isWhole));
  if (part) ["left", "top", "width", "height"].forEach((name, index) => place(crop.style, name, part[index]));
  byId("part-text").textContent = !part ? "" : isWhole ? t("part_whole", { name: partName })
    : t("part", { name: partName, percent: percent(part[2] * part[3]), x: percent(part[0]), y: percent(part[1]) });
  const focus = size ? option(size, "focus") : "";
  mark.hidden = !focus;
  if (focus) ["left", "top"].forEach((name, index) => place(mark.style, name, Number(focus.split("x")[index])));
}

// One thumbnail in the other formats, each at the quality at which it looks the same.

import { CallError, findLook, pictureAddress } from "./api.js";
import { openComparison } from "./comparison.js";
import { byId, bytes, decimal, element, formatName, percent, tabs } from "./elements.js";
import { inEveryLanguage, t } from "./texts.js";

const LOSSLESS = ["gif", "png"];

let formats = [];
let take = () => {};
let select = () => {};
// { thumbnail, call, looks }: the chosen thumbnail, the arguments of the calls, and per format its report, a reason, or nothing yet.
let shown = null;
let format = "";
let abort = new AbortController();

// `offered` are the formats of the program; GIF is none for photos. `onTake` takes a format over into the settings.
export function initialiseFormats(offered, onTake) {
  formats = offered.filter((one) => one !== "gif");
  take = onTake;
  const list = byId("format-tabs");
  list.replaceChildren(...formats.map((one) =>
    element("button", { type: "button", role: "tab", id: `same-${one}`, "data-format": one, "aria-controls": "format-panel" })));
  select = tabs(list, (tab) => {
    format = tab.dataset.format;
    byId("format-panel").setAttribute("aria-labelledby", tab.id);
    drawPanel();
  });
  select(byId(`same-${formats[0]}`));
  inEveryLanguage(draw);
}

// The index of the thumbnail that is shown in other formats; -1 if none is.
export const openIndex = () => (shown ? shown.index : -1);

// Takes the formats of former settings away. They come again with the next scores if `keep` is set.
export function clearFormats(keep) {
  abort.abort();
  if (!shown) return;
  shown = keep ? { index: shown.index, thumbnail: null, looks: {} } : null;
  draw();
}

// Finds all formats for a thumbnail, one after the other.
export async function showFormats(index, thumbnail, call) {
  abort.abort();
  abort = new AbortController();
  const { signal } = abort;
  const isOther = shown?.thumbnail?.name !== thumbnail.name;
  const own = { quality: LOSSLESS.includes(thumbnail.format) ? null : thumbnail.quality ?? null, bytes: thumbnail.bytes, score: thumbnail.score, address: thumbnail.address, isOwn: true };
  shown = { index, thumbnail, call, looks: { [thumbnail.format]: own } };
  if (isOther && formats.includes(thumbnail.format)) select(byId(`same-${thumbnail.format}`));
  draw();
  for (const one of formats.filter((other) => other !== thumbnail.format)) {
    try {
      const look = await findLook({ ...call, index: thumbnail.index, format: one, score: thumbnail.score }, signal);
      shown.looks[one] = look.reason ? look : { ...look, address: pictureAddress(look.picture) };
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CallError)) throw error;
      shown.looks[one] = { reason: error.message };
    }
    if (signal.aborted) return;
    draw();
  }
}

function draw() {
  byId("formats").hidden = !shown;
  byId("formats-title").textContent = t("formats_title", { name: shown?.thumbnail?.name ?? "" });
  for (const tab of byId("format-tabs").children) {
    const look = shown?.looks[tab.dataset.format];
    const size = look ? (look.reason ? "—" : bytes(look.bytes)) : "…";
    tab.replaceChildren(element("b", { text: formatName(tab.dataset.format) }), " ", element("span", { text: size }));
  }
  drawPanel();
}

function drawPanel() {
  const panel = byId("format-panel");
  const look = shown?.looks[format];
  if (!shown?.thumbnail || !look || look.reason) {
    panel.replaceChildren(element("p", { class: "empty", text: look?.reason ?? t("formats_wait") }));
    return;
  }
  const { thumbnail } = shown;
  const { name, width, height } = thumbnail;
  const label = formatName(format);
  const image = element("img", { src: look.address, width, height, alt: `${name}, ${label}` });
  const part = look.bytes / thumbnail.bytes - 1;
  const facts = [
    bytes(look.bytes),
    look.quality ? t("quality_value", { quality: look.quality }) : LOSSLESS.includes(format) ? t("lossless") : "",
    look.max_bytes ? t("formats_limit", { bytes: bytes(look.max_bytes) }) : "",
    t("score", { score: decimal(look.score) }),
    look.isOwn ? t("formats_own") : t(part > 0 ? "formats_more" : "formats_fewer", { percent: percent(Math.abs(part)), format: formatName(thumbnail.format) }),
  ];
  const values = { format: label, quality: look.quality, name };
  const buttons = [element("button", { type: "button", class: "quiet", id: "format-compare", text: t("compare"), "aria-label": t("compare_name", { name: `${name}, ${label}` }),
    onclick: () => openComparison(`${name}, ${label}`, image, thumbnail.exact) })];
  if (!look.isOwn) {
    buttons.unshift(element("button", { type: "button", class: "primary", id: "format-take", text: t(look.quality ? "formats_take" : "formats_take_lossless", values),
      onclick: () => take(shown.index, format, look.quality) }));
  }
  panel.replaceChildren(
    element("div", { class: "picture" }, image),
    element("div", { class: "look" },
      element("p", { class: "facts", text: facts.filter(Boolean).join("  ·  ") }),
      look.flattened ? element("p", { class: "mistake", text: t("formats_flattened", { format: label }) }) : null,
      element("div", { class: "actions" }, ...buttons)));
}

// The thumbnails of the latest run.

import { objectAddress } from "./api.js";
import { initialiseComparison, openComparison } from "./comparison.js";
import { byId, bytes, count, element, milliseconds, percent } from "./elements.js";
import { inEveryLanguage, t } from "./texts.js";

let shown = null;
let version = 0;
let isStale = false;
let message = null;

export function initialiseResults() {
  inEveryLanguage(draw);
  initialiseComparison();
  new ResizeObserver(drawScales).observe(byId("gallery"));
}

// The outcome of the one record of a run.
export const outcomeOf = (run) => run.answer?.outcomes?.[0];

// Shows the thumbnails of a run, with the names of the sizes that made them.
export function showRun(run, names) {
  version += 1;
  shown = { run, names };
  isStale = false;
  message = null;
  const outcome = outcomeOf(run);
  if (!outcome) message = ["failed", { reason: String(run.answer) }];
  else if (outcome.reason) message = [outcome.outcome === "failed" ? "failed" : "not_made", { reason: outcome.reason }];
  draw();
}

// Says that something else than thumbnails came.
export function showMessage(key, values = {}) {
  message = [key, values];
  draw();
}

// Marks the thumbnails as those of former settings.
export function markStale(stale) {
  isStale = stale;
  byId("gallery").classList.toggle("stale", stale && shown !== null);
  drawNotice();
}

export function markWorking(working) {
  byId("thumbnails-title").parentElement.classList.toggle("working", working);
}

function draw() {
  drawNotice();
  const gallery = byId("gallery");
  gallery.classList.toggle("stale", isStale);
  const thumbnails = shown ? outcomeOf(shown.run)?.thumbnails ?? [] : [];
  if (thumbnails.length === 0) {
    gallery.replaceChildren(shown ? "" : element("p", { class: "empty", text: t("no_photo") }));
    byId("summary").textContent = "";
    return;
  }
  const { run } = shown;
  byId("summary").textContent = t("summary", {
    count: count(thumbnails.length),
    ms: milliseconds(run.elapsed_ms),
    memory: run.peak_bytes ? bytes(run.peak_bytes) : "?",
  });
  gallery.replaceChildren(...thumbnails.map(figure));
  drawScales();
}

function drawNotice() {
  const notice = byId("notice");
  const damaged = shown ? outcomeOf(shown.run)?.source?.damaged : undefined;
  const text = message ? t(...message)
    : isStale && shown ? t("stale")
    : damaged ? t("damaged", { percent: percent(damaged / 100) })
    : "";
  notice.hidden = text === "";
  if (notice.textContent !== text) notice.textContent = text;
  notice.classList.toggle("bad", Boolean(message));
}

function figure(thumbnail, index) {
  const { bucket, key, width, height, format } = thumbnail;
  const thumbnails = outcomeOf(shown.run).thumbnails;
  const name = shown.names.length === thumbnails.length ? shown.names[index] : key;
  const image = element("img", { src: objectAddress(bucket, key, version), width, height, alt: `${name}, ${width} × ${height}` });
  const source = outcomeOf(shown.run).source?.bytes ?? 0;
  const facts = [`${width} × ${height}`, format.toUpperCase(), bytes(thumbnail.bytes), thumbnail.frames ? `${thumbnail.frames} ▶` : ""];
  const compare = element("button", { type: "button", class: "quiet", text: t("compare"), "aria-label": t("compare_name", { name }),
    onclick: () => openComparison(name, image) });
  return element("figure", {},
    element("div", { class: "picture" }, image),
    element("figcaption", {},
      element("b", { text: name }), compare,
      element("span", { class: "facts", text: joined(facts) }),
      element("span", { class: "scale", "data-part": source > 0 ? t("of_source", { percent: percent(thumbnail.bytes / source) }) : "" }),
      thumbnail.still ? element("span", { class: "facts", text: thumbnail.still }) : null,
      element("code", { text: `${bucket}/${key}` })));
}

const joined = (facts) => facts.filter(Boolean).join("  ·  ");

// Tells the scale of thumbnails that are wider than their place.
function drawScales() {
  for (const one of byId("gallery").querySelectorAll("figure")) {
    const image = one.querySelector("img");
    const scale = image.clientWidth / image.getAttribute("width");
    const text = one.querySelector(".scale");
    text.textContent = joined([text.dataset.part, scale > 0 && scale < 0.995 ? t("shown_at", { percent: percent(scale) }) : ""]);
  }
}

// The thumbnails of the latest run, or their preview until it has ended.

import { objectAddress, pictureAddress } from "./api.js";
import { initialiseComparison, openComparison } from "./comparison.js";
import { byId, bytes, count, decimal, element, formatName, milliseconds, percent } from "./elements.js";
import { inEveryLanguage, t } from "./texts.js";

// { isPreview, thumbnails, ms, run }: each thumbnail has name, bucket, key, address, width, height, format, bytes, and as far as
// they are known quality, part, score, exact, overWhite and noScore.
let shown = null;
let version = 0;
let drawing = 0;
let isStale = false;
let message = null;
let selected = 0;
let onSelect = () => {};
let onFormats = () => {};

export function initialiseResults(select, formats) {
  onSelect = select;
  onFormats = formats;
  inEveryLanguage(draw);
  initialiseComparison();
  new ResizeObserver(drawScales).observe(byId("gallery"));
}

// The outcome of the one record of a run.
export const outcomeOf = (run) => run.answer?.outcomes?.[0];

export const shownThumbnails = () => shown?.thumbnails ?? [];

// Shows thumbnails of settings that the function does not have yet.
export function showPreview({ thumbnails, ms }) {
  const former = shown?.run ?? null;
  shown = { isPreview: true, ms, run: former, thumbnails: thumbnails.map((one) => ({ ...one, address: pictureAddress(one.picture) })) };
  isStale = false;
  message = null;
  return draw();
}

// Shows the thumbnails of a run, with the names of the sizes that made them.
export function showRun(run, names) {
  version += 1;
  const outcome = outcomeOf(run);
  const thumbnails = outcome?.thumbnails ?? [];
  const former = shownThumbnails();
  shown = { isPreview: false, run, thumbnails: thumbnails.map((one, index) => {
    const preview = former.find(({ bucket, key }) => bucket === one.bucket && key === one.key);
    const name = names.length === thumbnails.length ? names[index] : preview?.name ?? one.key;
    return { ...one, name, part: preview?.part, quality: preview?.quality, address: objectAddress(one.bucket, one.key, version) };
  }) };
  isStale = false;
  message = null;
  if (!outcome) message = ["failed", { reason: String(run.answer) }];
  else if (outcome.reason) message = [outcome.outcome === "failed" ? "failed" : "not_made", { reason: outcome.reason }];
  return draw();
}

// Adds scores and parts to the thumbnails that are shown.
export function showScores({ thumbnails }) {
  if (!shown || shown.isPreview) return;
  for (const { bucket, key, ...scored } of thumbnails) {
    const one = shown.thumbnails.find((other) => other.bucket === bucket && other.key === key);
    if (!one) continue;
    const { index, part, quality, exact, score, over_white: overWhite, no_score: noScore } = scored;
    Object.assign(one, { index, part, quality, score, overWhite, noScore, exact: exact === null ? null : pictureAddress(exact) });
  }
  drawScores();
  onSelect(selected, shownThumbnails()[selected]);
}

// Chooses the thumbnail whose part of the photo is shown.
export function selectThumbnail(index) {
  selected = index;
  for (const [at, figure] of [...byId("gallery").children].entries()) figure.classList.toggle("selected", at === index);
  onSelect(index, shownThumbnails()[index]);
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

// Draws all thumbnails, once their images are decoded: the former ones stay until then.
async function draw() {
  drawing += 1;
  const number = drawing;
  drawNotice();
  const figures = shownThumbnails().map(figure);
  const images = figures.map((one) => one.querySelector("img"));
  await Promise.all(images.map((image) => image.decode().catch(() => {})));
  if (number !== drawing) return false;
  const gallery = byId("gallery");
  const focused = gallery.contains(document.activeElement) ? document.activeElement.id : "";
  gallery.classList.toggle("stale", isStale);
  gallery.classList.toggle("preview", Boolean(shown?.isPreview));
  if (figures.length > 0) gallery.replaceChildren(...figures);
  else gallery.replaceChildren(shown ? "" : element("p", { class: "empty", text: t("no_photo") }));
  if (focused) byId(focused)?.focus();
  drawSummary(figures.length);
  drawScores();
  drawScales();
  selectThumbnail(Math.min(selected, Math.max(0, figures.length - 1)));
  return true;
}

function drawSummary(number) {
  const summary = byId("summary");
  summary.classList.toggle("badge", Boolean(shown?.isPreview));
  if (number === 0) summary.textContent = "";
  else if (shown.isPreview) summary.textContent = t("summary_preview", { ms: milliseconds(shown.ms) });
  else {
    const { elapsed_ms: ms, peak_bytes: peak } = shown.run;
    summary.textContent = t("summary", { count: count(number), ms: milliseconds(ms), memory: peak ? bytes(peak) : "?" });
  }
}

function drawNotice() {
  const notice = byId("notice");
  const damaged = shown?.run ? outcomeOf(shown.run)?.source?.damaged : undefined;
  const text = message ? t(...message)
    : isStale && shown ? t("stale")
    : damaged ? t("damaged", { percent: percent(damaged / 100) })
    : "";
  notice.hidden = text === "";
  if (notice.textContent !== text) notice.textContent = text;
  notice.classList.toggle("bad", Boolean(message));
}

function figure(thumbnail, index) {
  const { bucket, key, name, width, height, format, address } = thumbnail;
  const image = element("img", { src: address, width, height, alt: `${name}, ${width} × ${height}` });
  const source = shown.run ? outcomeOf(shown.run)?.source?.bytes ?? 0 : 0;
  const facts = [`${width} × ${height}`, formatName(format), bytes(thumbnail.bytes), thumbnail.frames ? `${thumbnail.frames} ▶` : ""];
  const button = (action, text, label, onclick) =>
    element("button", { type: "button", class: "quiet", id: `${action}-${index}`, text: t(text), "aria-label": t(label, { name }), onclick, disabled: true });
  const one = element("figure", {},
    element("div", { class: "picture" }, image),
    element("figcaption", {},
      element("b", { text: name }),
      element("span", { class: "actions" },
        button("compare", "compare", "compare_name", () => openComparison(name, image, thumbnail.exact)),
        button("formats", "formats", "formats_name", () => {
          selectThumbnail(index);
          onFormats(index);
        })),
      element("span", { class: "facts", text: joined(facts) }),
      element("span", { class: "facts score" }),
      element("span", { class: "scale", "data-part": source > 0 ? t("of_source", { percent: percent(thumbnail.bytes / source) }) : "" }),
      thumbnail.still ? element("span", { class: "facts", text: thumbnail.still }) : null,
      element("code", { text: `${bucket}/${key}` })));
  for (const kind of ["pointerenter", "focusin"]) one.addEventListener(kind, () => selectThumbnail(index));
  return one;
}

const joined = (facts) => facts.filter(Boolean).join("  ·  ");

// Writes qualities and scores, and enables what needs them.
function drawScores() {
  for (const [index, one] of shownThumbnails().entries()) {
    const line = byId("gallery").children[index]?.querySelector(".score");
    if (!line) continue;
    const isScored = one.score !== undefined && one.score !== null;
    const score = isScored ? t(one.overWhite ? "score_over_white" : one.frames ? "score_first_frame" : "score", { score: decimal(one.score) })
      : one.noScore ? noScore(one.noScore)
      : t("score_later");
    line.textContent = joined([hasQuality(one) ? t("quality_value", { quality: one.quality }) : "", score]);
    line.title = t("score_hint");
    byId(`compare-${index}`).disabled = !one.exact;
    byId(`formats-${index}`).disabled = !isScored;
  }
}

// PNG and GIF have no quality, whatever the settings say.
const hasQuality = ({ quality, format }) => quality && format !== "png" && format !== "gif";

// The sentence for a reason why there is no score: a word, or { other: sentence }.
const noScore = (reason) => typeof reason === "string" ? t(`no_score_${reason}`) : t("no_score", { reason: reason.other });

// Tells the scale of thumbnails that are wider than their place.
function drawScales() {
  for (const one of byId("gallery").querySelectorAll("figure")) {
    const image = one.querySelector("img");
    const scale = image.clientWidth / image.getAttribute("width");
    const text = one.querySelector(".scale");
    text.textContent = joined([text.dataset.part, scale > 0 && scale < 0.995 ? t("shown_at", { percent: percent(scale) }) : ""]);
  }
}

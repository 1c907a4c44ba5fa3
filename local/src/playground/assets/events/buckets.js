// The source and target buckets as they change, and whether the target matches the source.

import { CallError, objectAddress } from "../api.js";
import { byId, bytes, element } from "../elements.js";
import { inEveryLanguage, language, t } from "../texts.js";
import { readBuckets } from "./calls.js";
import { isOwed } from "./queue.js";

let names = [];
let shown = null;
let watching = null;

export function initialiseBuckets() {
  inEveryLanguage(draw);
}

// Shows these buckets, the source first, until `stopWatching`.
export function watchBuckets(wanted) {
  if (watching && wanted.join() === names.join()) return;
  stopWatching();
  names = wanted;
  watching = new AbortController();
  watch(watching.signal);
}

export function stopWatching() {
  watching?.abort();
  watching = null;
}

async function watch(signal) {
  let seen = null;
  while (!signal.aborted) {
    try {
      const report = await readBuckets(names, seen, signal);
      if (signal.aborted) return;
      seen = report.revision;
      shown = report.buckets;
      draw();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (signal.aborted) return;
      // The program behind the page is being started again, perhaps.
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

// What the stamps of thumbnails say about the sources of one bucket.
export function judge(source, targets) {
  const sources = new Map(source.objects.filter(({ stamp }) => !stamp).map(({ key, etag }) => [`${source.name}/${key}`, etag]));
  const state = ({ stamp }) => {
    if (!stamp) return "foreign";
    if (!sources.has(stamp.source)) return "orphan";
    return sources.get(stamp.source) === stamp.etag ? "current" : "stale";
  };
  const thumbnails = targets.flatMap(({ name, objects }) =>
    objects.filter((one) => name !== source.name || one.stamp).map((one) => ({ ...one, bucket: name, state: state(one) })));
  const counts = new Map([...sources.keys()].map((name) => [name, 0]));
  for (const { stamp, state: is } of thumbnails) {
    if (is === "current") counts.set(stamp.source, counts.get(stamp.source) + 1);
  }
  return { sources, thumbnails, counts };
}

export function draw() {
  const place = byId("ev-buckets");
  if (!shown || shown.length === 0) return;
  const [source, ...others] = shown;
  // Without another bucket, the thumbnails are in the source bucket.
  const targets = others.length > 0 ? others : [source];
  const { sources, thumbnails, counts } = judge(source, targets);
  const number = (wanted) => thumbnails.filter(({ state }) => state === wanted).length;
  // Of other objects nobody knows here whether they are images.
  const isMissing = (name) => counts.get(name) === 0 && isOwed(name);
  const missing = [...counts.keys()].filter(isMissing).length;
  const [stale, orphan] = [number("stale"), number("orphan")];
  const status = sources.size === 0 && thumbnails.length === 0 ? t("ev_nothing")
    : stale + orphan + missing === 0 ? t("ev_converged")
    : t("ev_apart", { stale, orphan, missing });
  const line = byId("ev-state");
  if (line.textContent !== status) line.textContent = status;
  line.classList.toggle("apart", stale + orphan + missing > 0);
  const own = source.objects.filter(({ stamp }) => !stamp);
  place.replaceChildren(
    list(t("ev_in_source", { bucket: source.name }), own.map((one) => {
      const name = `${source.name}/${one.key}`;
      const count = counts.get(name);
      const kind = count > 0 ? "current" : isMissing(name) ? "stale" : "";
      return row(source.name, one, one.etag, count > 0 ? t("ev_has", { count }) : t("ev_missing"), kind);
    }), "ev_etag"),
    ...targets.map(({ name }) =>
      list(t("ev_in_target", { bucket: name }), thumbnails.filter(({ bucket }) => bucket === name).map((one) =>
        row(name, one, one.stamp?.etag ?? "", t(`ev_${one.state}`), one.state)), "ev_of")));
}

function list(title, rows, etagTitle) {
  if (rows.length === 0) return element("div", { class: "ev-bucket" }, element("h3", { text: title }), element("p", { class: "hint", text: t("ev_empty") }));
  const titles = ["ev_object", etagTitle, "ev_state"].map((key) => element("th", { scope: "col", text: t(key) }));
  return element("div", { class: "ev-bucket" }, element("h3", { text: title }),
    element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title },
      element("table", {}, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...rows))));
}

function row(bucket, { key, bytes: size, modified, etag }, shownTag, state, kind) {
  const image = element("img", { src: objectAddress(bucket, key, etag), alt: "", width: 48, height: 36 });
  return element("tr", { "data-key": key, "data-state": kind },
    element("td", {}, element("div", { class: "ev-object" }, image,
      element("div", {}, element("span", { text: key, title: key }),
        element("span", { class: "hint", text: `${bytes(size)}  ·  ${time(modified)}` })))),
    element("td", {}, element("code", { title: shownTag, text: shownTag.slice(0, 8) })),
    element("td", {}, element("span", { class: `badge ${kind}`, text: state })));
}

const time = (seconds) => new Date(seconds * 1000).toLocaleTimeString(language() === "zh" ? "zh-CN" : "en-GB");

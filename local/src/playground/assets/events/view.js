// The events tab: changes of the source, events of every kind, and what comes of them.

import { CallError, uploadPhoto } from "../api.js";
import { byId, choice, element } from "../elements.js";
import { currentPhoto } from "../photo.js";
import { inEveryLanguage, t } from "../texts.js";
import { draw as drawBuckets, initialiseBuckets, stopWatching, watchBuckets } from "./buckets.js";
import { deliver, readKinds, removeObject, writeMessage } from "./calls.js";
import { initialiseFaults, showLeft, switchedOn } from "./faults.js";
import { initialiseQueue, take } from "./queue.js";
import { numbered } from "./versions.js";

// { configuration, bucket, folder } as the page has them now.
let current = () => ({});
let isShown = false;
let version = 0;
let targets = [];
let kinds = [];
// The key that was typed; null for that of the photo.
let typed = null;

export const eventsAreShown = () => isShown;

// Prepares the tab. `settings` returns the settings of the page; `back` is called when the thumbnails are shown again.
export async function initialiseEvents(settings, back) {
  current = settings;
  initialiseFaults();
  initialiseBuckets();
  initialiseQueue(deliverWithFaults, drawBuckets);
  byId("ev-key").addEventListener("input", (event) => (typed = event.target.value || null));
  byId("ev-upload").addEventListener("click", () => act(upload));
  byId("ev-remove").addEventListener("click", () => act(remove));
  byId("ev-send").addEventListener("click", () => act(send));
  byId("ev-kind").addEventListener("change", drawHint);
  choice(byId("view"), "thumbnails", (view) => show(view === "events", back));
  kinds = await readKinds();
  byId("ev-kind").replaceChildren(...kinds.map(({ name, event_name: title }) => element("option", { value: name, text: `${name}: ${title}` })));
  inEveryLanguage(draw);
}

function show(events, back) {
  isShown = events;
  byId("thumbnails-view").hidden = events;
  byId("events-view").hidden = !events;
  byId("skip").href = events ? "#events" : "#results";
  byId("skip").textContent = t(events ? "ev_skip" : "skip");
  if (!events) {
    stopWatching();
    back();
    return;
  }
  draw();
  watch();
}

// The buckets that the settings name, from the report about them.
export function showPlaces(buckets) {
  // Without right settings, the buckets of the last right ones remain.
  if (buckets.length > 0) targets = buckets;
  if (!isShown) return;
  draw();
  watch();
}

function watch() {
  const { bucket } = current();
  watchBuckets([bucket, ...targets.filter((name) => name !== bucket)]);
}

function draw() {
  const { folder } = current();
  const key = byId("ev-key");
  if (typed === null && key !== document.activeElement) key.value = `${folder}${currentPhoto()?.name ?? "photo.jpg"}`;
  byId("ev-upload").textContent = t("ev_upload", { number: version + 1 });
  drawHint();
}

function drawHint() {
  byId("ev-send-hint").textContent = t("ev_send_hint", { kind: byId("ev-kind").value });
}

// Carries out an action, and takes the event that comes of it.
async function act(action) {
  const key = byId("ev-key").value.trim();
  say(key ? "" : t("ev_key_missing"));
  if (!key) return;
  // The settings of this click; they may change while a photo is uploaded.
  const copies = Math.min(9, Math.max(1, Math.round(Number(byId("ev-copies").value)) || 1));
  const isHeld = byId("ev-hold").checked;
  try {
    const event = await action(current().bucket, key);
    if (event) take(event, copies, isHeld);
    else say(t("ev_no_object"));
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    say(error.message || t("unreachable"));
  }
  draw();
}

function say(text) {
  byId("ev-mistake").textContent = text;
  byId("ev-mistake").hidden = text === "";
}

async function upload(bucket, key) {
  version += 1;
  const photo = await numbered(currentPhoto(), version);
  return (await uploadPhoto(bucket, key, photo)).event;
}

const remove = async (bucket, key) => (await removeObject(bucket, key)).event;

const send = async (bucket, key) => (await writeMessage(byId("ev-kind").value, bucket, key)).event;

async function deliverWithFaults(event) {
  const { configuration, bucket } = current();
  const faults = switchedOn();
  const report = await deliver(configuration, bucket, event, faults);
  showLeft(faults, report.faults);
  return report;
}

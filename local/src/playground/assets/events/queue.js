// Events that were sent: those that are held back, and the deliveries of the others.

import { byId, element, milliseconds } from "../elements.js";
import { inEveryLanguage, t } from "../texts.js";

// Most events that are shown.
const MAX_EVENTS = 60;

let events = [];
let sent = 0;
let work = Promise.resolve();
// Delivers one event once, and returns its report or throws.
let deliverOnce = null;
let changed = () => {};
// Objects of the events, as bucket/key, and those of which the function said that they have no thumbnails.
const named = new Set();
const refused = new Set();

// Prepares the list. `onChange` is called after every event and every delivery.
export function initialiseQueue(deliver, onChange) {
  deliverOnce = deliver;
  changed = onChange;
  byId("ev-in-order").addEventListener("click", () => deliverAll(held()));
  byId("ev-reversed").addEventListener("click", () => deliverAll(held().reverse()));
  inEveryLanguage(draw);
}

// Whether the function owes thumbnails of an object of this session.
export const isOwed = (name) => named.has(name) && !refused.has(name);

const held = () => events.filter(({ state }) => state === "held");

// Takes an event, to hold it back or to deliver it this many times.
export function take(message, copies, isHeld) {
  sent += 1;
  const one = { number: sent, message, copies, state: "held", reports: [] };
  events = [...events, one].slice(-MAX_EVENTS);
  const name = nameOf(message);
  named.add(name);
  refused.delete(name);
  changed();
  if (isHeld) draw();
  else deliverAll([one]);
}

// Delivers events one after the other, after those that were delivered before.
function deliverAll(list) {
  for (const one of list) {
    one.state = "waiting";
    work = work.then(() => deliver(one));
  }
  draw();
}

async function deliver(one) {
  one.state = "running";
  draw();
  for (let copy = 0; copy < one.copies; copy += 1) {
    try {
      const report = await deliverOnce(one.message);
      one.reports.push(report);
      note(report);
    } catch (error) {
      one.reports.push({ error: error.message || t("unreachable") });
    }
    draw();
  }
  one.state = "delivered";
  draw();
  const attempts = one.reports.at(-1).attempts ?? [];
  byId("ev-said").textContent = attempts.length > 0 ? `#${one.number}: ${outcomes(attempts.at(-1).answer)}` : one.reports.at(-1).error;
}

// Remembers what the function made no thumbnails of, such as an object that is no image.
function note({ attempts }) {
  for (const { bucket, key, outcome } of attempts.at(-1)?.answer?.outcomes ?? []) {
    if (outcome === "failed" || outcome === "skipped") refused.add(`${bucket}/${key}`);
  }
  changed();
}

function draw() {
  const waiting = held().length;
  byId("ev-held").hidden = waiting === 0;
  byId("ev-held-count").textContent = t("ev_held", { count: waiting });
  const place = byId("ev-list");
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.name));
  place.replaceChildren(...(events.length > 0
    ? [element("ol", { class: "ev-events", reversed: true }, ...events.map(item).reverse())]
    : [element("p", { class: "empty", text: t("ev_none") })]));
  for (const one of place.querySelectorAll("details")) one.open = open.has(one.dataset.name);
  if (focused) byId(focused)?.focus();
}

// Keys in events read /<appid>/<name>/<key>.
const keyOf = (record) => record.cos.cosObject.key.split("/").slice(3).join("/");

function nameOf({ Records: [record] }) {
  const { name, appid } = record.cos.cosBucket;
  return `${name}-${appid}/${keyOf(record)}`;
}

function item(one) {
  const { number, message, state, reports } = one;
  const [record] = message.Records;
  const key = keyOf(record);
  const etag = (record.cos.cosObject.meta.ETag ?? "").replaceAll('"', "").slice(0, 8);
  const button = (name, action) => element("button", {
    type: "button", class: "quiet", id: `ev-${name}-${number}`, text: t(`ev_${name}`), "aria-label": t(`ev_${name}_name`, { number }), onclick: action,
  });
  const buttons = state === "held"
    ? [button("deliver", () => deliverAll([one])), button("drop", () => {
        one.state = "dropped";
        draw();
      })]
    : state === "delivered" || state === "dropped" ? [button("again", () => deliverAll([one]))] : [];
  const says = state === "delivered" ? "" : t(`ev_is_${state}`);
  return element("li", { value: number, "data-state": state, "data-number": number },
    element("div", { class: "step" },
      element("b", { text: `#${number} ${record.event.eventName}` }),
      element("span", { text: key }), etag ? element("code", { text: etag }) : null,
      says ? element("span", { class: `badge ${state}`, text: says }) : null,
      element("span", { class: "ev-buttons" }, ...buttons)),
    fold(`message-${number}`, t("ev_message"), JSON.stringify(message, null, 2)),
    ...reports.map((report, copy) => delivery(report, `${number}-${copy}`, copy, reports.length)));
}

// One delivery: its attempts with answer and log line, and the requests of the function.
function delivery(report, name, copy, all) {
  const title = all > 1 ? [element("h3", { text: t("ev_delivery", { number: copy + 1 }) })] : [];
  if (report.error) return element("div", { class: "ev-delivery" }, ...title, element("p", { class: "mistake", text: report.error }));
  const attempts = report.attempts.flatMap((attempt, at) => [
    element("p", { class: `ev-attempt ${attempt.succeeded ? "" : "bad"}` },
      element("span", { text: t("ev_attempt", { number: at + 1, status: attempt.status }) }),
      element("b", { text: outcomes(attempt.answer) }),
      element("span", { class: "time", text: milliseconds(attempt.elapsed_ms) })),
    fold(`answer-${name}-${at}`, t("ev_answer"), pretty(attempt.answer)),
    ...(attempt.log.length > 0 ? [fold(`log-${name}-${at}`, t("ev_log_line"), attempt.log.join("\n"))] : []),
  ]);
  const requests = report.requests.map(({ method, bucket, key, status, at_ms: at }) =>
    `${milliseconds(at).padStart(9)}  ${String(status || "–").padStart(3)}  ${method.padEnd(6)} ${bucket}/${key}`);
  return element("div", { class: "ev-delivery" }, ...title, ...attempts,
    ...(requests.length > 0 ? [fold(`requests-${name}`, `${t("ev_requests")}: ${requests.length}`, requests.join("\n"))] : []));
}

// What the function says it did with each record.
function outcomes(answer) {
  const list = answer?.outcomes;
  if (!Array.isArray(list)) return typeof answer === "string" ? answer : "";
  const text = ({ outcome, code, thumbnails, removed }) =>
    [outcome, code, thumbnails?.length ? `+${thumbnails.length}` : "", removed?.length ? `−${removed.length}` : ""].filter(Boolean).join(" ");
  return list.map(text).join(", ");
}

const pretty = (answer) => (typeof answer === "string" ? answer : JSON.stringify(answer, null, 2));

function fold(name, title, text) {
  return element("details", { "data-name": name },
    element("summary", { id: `fold-${name}`, text: title }), element("pre", { tabindex: 0, text }));
}

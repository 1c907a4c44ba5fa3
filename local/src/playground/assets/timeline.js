// The way of a photo: upload, event, start, requests, stages, memory, answer and log.

import { byId, bytes, element, milliseconds } from "./elements.js";
import { outcomeOf } from "./results.js";
import { inEveryLanguage, t } from "./texts.js";

const STAGES = ["fetch", "decode", "resize", "encode", "store", "total"];

let shown = null;

export function initialiseTimeline() {
  inEveryLanguage(draw);
}

export function showTimeline(upload, run) {
  shown = { upload, run };
  draw();
}

function draw() {
  byId("way").hidden = !shown;
  if (!shown) return;
  const { upload, run } = shown;
  const open = new Set([...byId("timeline").querySelectorAll("details[open]")].map((one) => one.dataset.step));
  const record = upload.event.Records[0];
  const steps = [
    step("step_put", t("step_put_text", { key: upload.key, bytes: bytes(upload.bytes) }), milliseconds(upload.put_ms)),
    step("step_event", record.event.eventName, "", json("step_event", upload.event)),
    run.start_ms === null ? null : step("step_start", t("step_start_text"), milliseconds(run.start_ms)),
    step("step_requests", "", milliseconds(run.elapsed_ms), requests(run)),
    stages(run),
    memory(run),
    step("step_answer", t("status", { status: run.status }), "", json("step_answer", run.answer)),
    run.log.length ? step("step_log", "", "", json("step_log", run.log.join("\n"))) : null,
  ];
  byId("timeline").replaceChildren(element("ol", { class: "steps" }, ...steps.filter(Boolean)));
  for (const one of byId("timeline").querySelectorAll("details")) one.open = open.has(one.dataset.step);
}

function step(title, text, time, ...content) {
  return element("li", {},
    element("div", { class: "step" }, element("b", { text: t(title) }), element("span", { text }),
      element("span", { class: "time", text: time })),
    ...content);
}

// A text that opens: JSON over several lines, or lines as they are.
function json(name, value) {
  const text = typeof value === "string" ? pretty(value) : JSON.stringify(value, null, 2);
  const [first] = typeof value === "string" ? value.split("\n") : [JSON.stringify(value)];
  return element("details", { "data-step": name },
    element("summary", {}, element("code", { text: first.slice(0, 200) })),
    element("pre", { tabindex: 0, text }));
}

function pretty(lines) {
  const parsed = (line) => {
    try {
      return JSON.stringify(JSON.parse(line), null, 2);
    } catch {
      return line;
    }
  };
  return lines.split("\n").map(parsed).join("\n");
}

// Requests by the time of their responses.
function requests(run) {
  const end = Math.max(run.elapsed_ms, ...run.requests.map((request) => request.at_ms), 1);
  const rows = run.requests.map(({ method, key, status, bytes: sent, at_ms: at }) => {
    const dot = element("span", { class: "dot" });
    dot.style.setProperty("left", `${(100 * Math.max(0, at)) / end}%`);
    return element("tr", { class: status >= 400 && status !== 404 ? "bad" : "" },
      element("td", {}, element("code", { class: `method ${method.toLowerCase()}`, text: method })),
      element("td", { class: "key", text: key, title: key }),
      element("td", { class: "number", text: sent > 0 ? bytes(sent) : "" }),
      element("td", { class: "number", text: String(status) }),
      element("td", { class: "track" }, element("span", { class: "rail" }, dot)),
      element("td", { class: "number", text: milliseconds(at) }));
  });
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("step_requests") },
    element("table", { class: "requests" }, element("tbody", {}, ...rows)));
}

function stages(run) {
  const ms = outcomeOf(run)?.ms;
  if (!ms || ms.total === 0) return null;
  const bars = STAGES.filter((stage) => ms[stage] > 0).map((stage) => {
    const bar = element("span", { class: `bar ${stage}` });
    bar.style.setProperty("width", `${Math.min(100, (100 * ms[stage]) / ms.total)}%`);
    return element("div", { class: "stage-row" },
      element("span", { text: t(`stage_${stage}`) }),
      element("span", { class: "rail" }, bar),
      element("span", { class: "number", text: milliseconds(ms[stage]) }));
  });
  return step("step_stages", "", "", element("div", { class: "stages" }, ...bars), element("p", { class: "hint", text: t("stages_hint") }));
}

function memory(run) {
  if (!run.peak_bytes) return null;
  const limit = run.memory_mb * 1024 * 1024;
  const bar = element("span", { class: "bar" });
  bar.style.setProperty("width", `${Math.min(100, (100 * run.peak_bytes) / limit)}%`);
  const text = t("step_memory_text", { peak: bytes(run.peak_bytes), memory: bytes(limit) });
  return step("step_memory", text, "", element("span", { class: "rail wide" }, bar));
}

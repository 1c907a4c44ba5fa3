// What the settings give: texts to copy, and the cost.

import { toFile, writeVariables } from "./configuration.js";
import { costPanel } from "./cost.js";
import { byId, copyButton, element, tabs } from "./elements.js";
import { outcomeOf } from "./results.js";
import { inEveryLanguage, t } from "./texts.js";

const KINDS = ["variables", "file", "policy", "triggers", "deploy", "html", "cost"];

let kind = "variables";
// { settings, report, run }: the settings of the page, what the program says about them, the latest run.
let shown = { settings: null, report: null, run: null };

export function initialiseOutputs() {
  const list = byId("output-tabs");
  for (const name of KINDS) {
    list.append(element("button", { type: "button", role: "tab", id: `output-${name}`, "data-kind": name, "aria-controls": "output-panel" }));
  }
  const select = tabs(list, (tab) => {
    kind = tab.dataset.kind;
    byId("output-panel").setAttribute("aria-labelledby", tab.id);
    draw();
  });
  inEveryLanguage(() => {
    for (const tab of list.children) tab.textContent = t(`out_${tab.dataset.kind}`);
    draw();
  });
  select(byId(`output-${kind}`));
}

export function showOutputs(next) {
  shown = { ...shown, ...next };
  draw();
}

function draw() {
  const panel = byId("output-panel");
  const { settings, report, run } = shown;
  if (!settings || !report) return;
  // The fields of the cost keep their focus while numbers are typed.
  if (kind === "cost" && panel.contains(document.activeElement) && document.activeElement !== panel) return;
  const isWrong = report.mistakes.length > 0;
  const text = isWrong ? null : textOf(kind, settings, report, run);
  const content = [element("p", { class: "hint", text: t(`out_${kind}_hint`) })];
  if (isWrong) content.push(element("p", { class: "empty", text: t("out_none") }));
  else if (kind === "cost") {
    panel.replaceChildren(costPanel(settings, run));
    return;
  } else if (text === null) content.push(element("p", { class: "empty", text: t("out_none_photo") }));
  else content.push(element("div", { class: "code" }, copyButton(() => text), element("pre", { tabindex: 0, text })));
  panel.replaceChildren(...content);
}

function textOf(name, settings, report, run) {
  switch (name) {
    case "variables":
      if (settings.file !== null) return `${t("none_file")}\n`;
      return `${settings.variables.length > 0 ? writeVariables(settings.variables) : t("none_defaults")}\n`;
    case "file":
      return settings.file ?? toFile(settings.variables);
    case "policy":
      return report.policy || `${report.deployment_error}\n`;
    case "triggers":
      return report.triggers || `${report.deployment_error}\n`;
    case "deploy":
      return deployCommand(settings);
    case "html":
      return run ? html(settings, outcomeOf(run)) : null;
    default:
      return null;
  }
}

// A word of a POSIX shell.
const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

export function deployCommand({ variables, file, region, source, memory }) {
  const options = [
    ["--region", region],
    ["--source", source],
    ["--memory", String(memory)],
    ...(file === null ? variables.map(([name, value]) => ["--env", `${name}=${value}`]) : [["--config", "thumbnails.json"]]),
  ];
  return ["scripts/deploy", ...options.map(([name, value]) => `  ${name} ${quoted(value)}`)].join(" \\\n") + "\n";
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

// <img> with srcset, within <picture> if there are several formats.
export function html({ region }, outcome) {
  const thumbnails = outcome?.thumbnails ?? [];
  if (thumbnails.length === 0) return null;
  const address = ({ bucket, key }) =>
    escaped(`https://${bucket}.cos.${region}.myqcloud.com/${key.split("/").map(encodeURIComponent).join("/")}`);
  const largest = (list) => list.reduce((one, other) => (other.width > one.width ? other : one));
  const main = largest(thumbnails);
  // Sizes of another shape show another part of the photo, and are no replacement.
  const sameShape = thumbnails.filter(({ width, height }) => Math.abs((width / height) * (main.height / main.width) - 1) < 0.02);
  const others = thumbnails.filter((one) => !sameShape.includes(one));
  const source = (list) => [...list].sort((one, other) => one.width - other.width).map((one) => `${address(one)} ${one.width}w`).join(",\n    ");
  const formats = [...new Set(sameShape.map(({ format }) => format))];
  const fallback = formats.find((format) => format === "jpeg" || format === "png") ?? formats[0];
  const image = (list, indent) => {
    const one = largest(list);
    const set = list.length > 1 ? `\n${indent}  srcset="${source(list)}"\n${indent}  sizes="(max-width: ${one.width}px) 100vw, ${one.width}px"` : "";
    return `${indent}<img src="${address(one)}"${set}\n${indent}  width="${one.width}" height="${one.height}" alt="" loading="lazy">\n`;
  };
  const ofFormat = (format) => sameShape.filter((one) => one.format === format);
  let text = image(ofFormat(fallback), formats.length > 1 ? "  " : "");
  if (formats.length > 1) {
    const sources = formats.filter((format) => format !== fallback).map((format) => `  <source type="image/${format}" srcset="${source(ofFormat(format))}">\n`);
    text = `<picture>\n${sources.join("")}${text}</picture>\n`;
  }
  return text + others.map((one) => `\n${image([one], "")}`).join("");
}

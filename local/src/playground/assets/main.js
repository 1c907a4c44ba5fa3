// The page: its settings, and the loop from a change to new thumbnails.

import { CallError, checkConfiguration, readState, runFunction, uploadPhoto } from "./api.js";
import { START, parseThumbnails, parseVariables, toFile, variable, writeVariables } from "./configuration.js";
import { byId, choice, element, tabs } from "./elements.js";
import { eventsAreShown, initialiseEvents, showPlaces } from "./events/view.js";
import { initialiseForm, showMistakes, showVariables } from "./form.js";
import { initialiseOutputs, showOutputs } from "./outputs.js";
import { currentPhoto, initialisePhoto, showSize } from "./photo.js";
import { initialiseResults, markStale, markWorking, outcomeOf, showMessage, showRun } from "./results.js";
import { inEveryLanguage, initialLanguage, setLanguage, t } from "./texts.js";
import { initialiseTimeline, showTimeline } from "./timeline.js";

// Pause in typing after which the settings are tried, ms.
const PAUSE = 60;
const MEMORIES = [64, 128, 256, 384, 512, 768, 1024, 1280, 1536, 2048, 3072];

const settings = {
  mode: "form",
  variables: START,
  file: null,
  memory: 512,
  region: "ap-guangzhou",
  source: "example-1250000000",
  folder: "photos/",
};
let upload = null;
let timer = 0;
let isWorking = false;
let isWaiting = false;

const configuration = () => ({
  variables: settings.mode === "file" ? [] : settings.variables,
  file: settings.mode === "file" ? settings.file : null,
  memory_mb: settings.memory,
});

function initialiseTheme() {
  const apply = (theme) => {
    localStorage.setItem("theme", theme);
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  };
  const theme = localStorage.getItem("theme") ?? "auto";
  apply(theme);
  choice(byId("theme"), theme, apply);
}

// Tries the settings soon. Further changes until then are tried together.
function changed() {
  clearTimeout(timer);
  timer = setTimeout(work, PAUSE);
}

// Tries the settings, and again if they were changed meanwhile: the latest are always tried.
async function work() {
  if (isWorking) {
    isWaiting = true;
    return;
  }
  isWorking = true;
  markWorking(true);
  do {
    isWaiting = false;
    try {
      await tryOnce();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      showMessage(error.message ? "failed" : "unreachable", { reason: error.message });
    }
  } while (isWaiting);
  isWorking = false;
  markWorking(false);
}

async function tryOnce() {
  const tried = configuration();
  const report = await checkConfiguration(tried, settings.region, settings.source);
  showReport(report, tried);
  showPlaces(report.buckets);
  if (report.mistakes.length > 0) {
    markStale(true);
    return;
  }
  const photo = currentPhoto();
  if (!photo || report.deployment_error || eventsAreShown()) return;
  const prefix = variable(tried.variables, "SOURCE_PREFIX");
  const folder = settings.folder.startsWith(prefix) ? settings.folder : prefix;
  const key = folder + photo.name;
  if (upload?.photo !== photo || upload.report.key !== key || upload.report.bucket !== settings.source) {
    upload = { photo, report: await uploadPhoto(settings.source, key, photo) };
  }
  const run = await runFunction(tried, settings.source, key);
  // Another photo was chosen meanwhile; it is tried next.
  if (currentPhoto() !== photo) return;
  showRun(run, names(tried));
  showTimeline(upload.report, run);
  showOutputs({ run: outcomeOf(run)?.thumbnails?.length ? run : null });
}

// The names of the thumbnails in the order in which they are made, if there is one rule.
function names({ variables, file }) {
  if (file === null) return parseThumbnails(variable(variables, "THUMBNAILS")).map(({ name, width, height }) => name || `${width}x${height}`);
  try {
    const { rules } = JSON.parse(file);
    const { thumbnails } = rules.length === 1 ? rules[0] : {};
    return typeof thumbnails === "object" && !Array.isArray(thumbnails) ? Object.keys(thumbnails) : [];
  } catch {
    return [];
  }
}

function showReport(report, tried) {
  const { mode, memory, region, source } = settings;
  const isOfForm = ({ setting }) => setting !== "memory";
  const mistakes = report.mistakes.filter(isOfForm);
  showMistakes(mode === "form" ? mistakes : []);
  const lines = mistakes.map(({ sentence }) => element("p", { class: "mistake", text: sentence }));
  byId("variables-mistakes").replaceChildren(...(mode === "variables" ? lines : []));
  byId("file-mistakes").replaceChildren(...(mode === "file" ? lines : []));
  const ofPlace = [report.deployment_error, ...report.mistakes.filter((one) => !isOfForm(one)).map((one) => one.sentence)];
  byId("place-mistakes").replaceChildren(...ofPlace.filter(Boolean).map((text) => element("p", { class: "mistake", text })));
  const count = report.mistakes.length;
  byId("mistakes-status").textContent = count ? t("mistakes_count", { count, first: report.mistakes[0].sentence }) : t("mistakes_none");
  byId("meaning").textContent = report.meaning;
  byId("meaning-box").hidden = report.meaning === "";
  for (const id of ["variables", "file-text"]) byId(id).setAttribute("aria-invalid", count > 0);
  showOutputs({ settings: { variables: tried.variables, file: tried.file, memory, region, source }, report });
}

function initialiseModes() {
  const panels = { form: byId("panel-form"), variables: byId("panel-variables"), file: byId("panel-file") };
  const select = tabs(byId("modes"), (tab) => {
    settings.mode = tab.id.replace("mode-", "");
    for (const [mode, panel] of Object.entries(panels)) panel.hidden = mode !== settings.mode;
    if (settings.mode === "form") showVariables(settings.variables);
    if (settings.mode === "variables") byId("variables").value = writeVariables(settings.variables);
    if (settings.mode === "file" && settings.file === null) {
      settings.file = toFile(settings.variables);
      byId("file-text").value = settings.file;
    }
    changed();
  });
  byId("variables").addEventListener("input", (event) => {
    settings.variables = parseVariables(event.target.value);
    changed();
  });
  byId("file-text").addEventListener("input", (event) => {
    settings.file = event.target.value;
    changed();
  });
  select(byId("mode-form"));
}

function drawPlace() {
  const fields = [["source", "source_bucket"], ["region", "region"], ["folder", "folder"]].map(([name, label]) =>
    element("div", { class: "field" }, element("label", { for: `place-${name}`, text: t(label) }),
      element("input", { id: `place-${name}`, value: settings[name], spellcheck: "false", oninput: (event) => {
        settings[name] = event.target.value.trim();
        changed();
      } })));
  const select = element("select", { id: "place-memory", onchange: (event) => {
    settings.memory = Number(event.target.value);
    changed();
  } });
  for (const memory of [...new Set([...MEMORIES, settings.memory])].sort((one, other) => one - other)) {
    select.append(element("option", { value: String(memory), text: `${memory} MB` }));
  }
  select.value = String(settings.memory);
  byId("place").replaceChildren(...fields,
    element("div", { class: "field" }, element("label", { for: "place-memory", text: t("memory") }), select));
}

async function start() {
  setLanguage(initialLanguage());
  initialiseTheme();
  choice(byId("language"), initialLanguage(), setLanguage);
  initialiseResults();
  initialiseTimeline();
  let state;
  try {
    state = await readState();
  } catch (error) {
    showMessage(error.message ? "failed" : "unreachable", { reason: error.message });
    return;
  }
  if (state.variables.length > 0) settings.variables = state.variables;
  settings.memory = state.memory_mb;
  initialiseForm(state.formats, (variables) => {
    settings.variables = variables;
    changed();
  }, showSize);
  inEveryLanguage(drawPlace);
  initialiseOutputs();
  initialiseModes();
  initialisePhoto(state.samples, work);
  initialiseEvents(() => ({ configuration: configuration(), bucket: settings.source, folder: settings.folder }), changed);
}

start();

// The page: its settings, and the loop from a change to new thumbnails.

import { CallError, checkConfiguration, previewThumbnails, readScores, readState, runFunction, uploadPhoto } from "./api.js";
import { START, parseThumbnails, parseVariables, toFile, variable, withForm, withFormInFile, writeVariables } from "./configuration.js";
import { byId, choice, element, tabs } from "./elements.js";
import { eventsAreShown, initialiseEvents, showPlaces } from "./events/view.js";
import { clearFormats, initialiseFormats, openIndex, showFormats } from "./formats.js";
import { initialiseForm, showMistakes, showVariables } from "./form.js";
import { initialiseOutputs, showOutputs } from "./outputs.js";
import { currentPhoto, initialisePhoto, showPart, showSize } from "./photo.js";
import {
  initialiseResults, markStale, markWorking, outcomeOf, selectThumbnail, showMessage, showPreview, showRun, showScores, shownThumbnails,
} from "./results.js";
import { inEveryLanguage, initialLanguage, setLanguage, t } from "./texts.js";
import { initialiseTimeline, showTimeline } from "./timeline.js";

// Pause in typing after which the function runs, ms. The preview waits for nothing.
const PAUSE = 120;
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
// The number and the time of the latest change.
let change = { number: 0, at: 0 };
let isPreviewing = false;
// The number of the change whose result is shown.
let shownNumber = -1;
let scoring = new AbortController();
let openFormats = () => {};

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

// Shows a preview of the settings, and tries them soon. Further changes until then are tried together.
function changed() {
  change = { number: change.number + 1, at: performance.now() };
  scoring.abort();
  clearFormats(true);
  markWorking(true);
  clearTimeout(timer);
  timer = setTimeout(work, PAUSE);
  preview();
}

// Shows previews, one at a time, until that of the latest settings is shown.
async function preview() {
  if (isPreviewing || !upload || upload.photo !== currentPhoto()) return;
  isPreviewing = true;
  let number;
  do {
    const { at } = change;
    number = change.number;
    try {
      const { key, bucket } = upload.report;
      const report = await previewThumbnails(configuration(), bucket, key);
      const isWanted = report.thumbnails.length > 0 && change.number === number && shownNumber < number;
      if (isWanted && (await showPreview(report))) afterPaint("preview", at, report.ms);
    } catch (error) {
      // The run that follows tells what is wrong.
      if (!(error instanceof CallError)) throw error;
    }
  } while (change.number !== number);
  isPreviewing = false;
}

// Measures the time from a change to the pictures on the screen; the browser's tools show it.
function afterPaint(name, start, server) {
  requestAnimationFrame(() => setTimeout(() => performance.measure(name, { start, end: performance.now(), detail: { server } })));
}

// Tries the settings, and again if they were changed meanwhile: the latest are always tried.
async function work() {
  timer = 0;
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
  // A later change has its own work, which its timer begins.
  if (timer === 0) markWorking(false);
}

async function tryOnce() {
  const { number, at } = change;
  const isLatest = () => change.number === number;
  const tried = configuration();
  const report = await checkConfiguration(tried, settings.region, settings.source);
  showReport(report, tried);
  showPlaces(report.buckets);
  const photo = currentPhoto();
  if (report.mistakes.length > 0 || !photo || report.deployment_error || eventsAreShown()) {
    shownNumber = number;
    if (report.mistakes.length > 0) markStale(true);
    return;
  }
  // Settings or photo have changed during the check. A run now would not be shown, and would start the process whose start
  // the next run has to show.
  if (!isLatest()) return;
  const prefix = variable(tried.variables, "SOURCE_PREFIX");
  const folder = settings.folder.startsWith(prefix) ? settings.folder : prefix;
  const key = folder + photo.name;
  if (upload?.photo !== photo || upload.report.key !== key || upload.report.bucket !== settings.source) {
    upload = { photo, report: await uploadPhoto(settings.source, key, photo) };
  }
  const run = await runFunction(tried, settings.source, key);
  // Another photo was chosen meanwhile, or other settings; they are tried next.
  if (currentPhoto() !== photo || !isLatest()) return;
  shownNumber = number;
  if (await showRun(run, names(tried))) afterPaint("run", at, run.elapsed_ms);
  showTimeline(upload.report, run);
  showOutputs({ run: outcomeOf(run)?.thumbnails?.length ? run : null });
  if (outcomeOf(run)?.thumbnails?.length) score(tried, key, isLatest);
}

// Has the thumbnails of a run scored, after they are shown.
async function score(tried, key, isLatest) {
  scoring.abort();
  scoring = new AbortController();
  const { signal } = scoring;
  const bucket = upload.report.bucket;
  try {
    const report = await readScores(tried, bucket, key, signal);
    if (signal.aborted || !isLatest()) return;
    showScores(report);
    openFormats = (index) => {
      const thumbnail = shownThumbnails()[index];
      if (thumbnail?.score != null) showFormats(index, thumbnail, { configuration: tried, bucket, key });
    };
    if (openIndex() >= 0) openFormats(openIndex());
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof CallError)) throw error;
    showMessage("failed", { reason: error.message });
  }
}

// Takes a format and a quality over into the settings of the thumbnail with this index.
function takeForm(index, format, quality) {
  const { name } = shownThumbnails()[index];
  if (settings.mode === "file") {
    settings.file = withFormInFile(settings.file, name, format, quality);
    byId("file-text").value = settings.file;
  } else {
    settings.variables = withForm(settings.variables, index, format, quality);
    byId("variables").value = writeVariables(settings.variables);
    showVariables(settings.variables);
  }
  changed();
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
  initialiseResults((_, thumbnail) => showPart(thumbnail?.part, thumbnail?.name), (index) => {
    openFormats(index);
    byId("formats").scrollIntoView({ block: "nearest" });
    byId("format-panel").focus({ preventScroll: true });
  });
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
  }, (size, index) => {
    showSize(size);
    if (index !== undefined && index < shownThumbnails().length) selectThumbnail(index);
  });
  initialiseFormats(state.formats, takeForm);
  byId("formats-close").addEventListener("click", () => {
    const index = openIndex();
    clearFormats(false);
    byId(`formats-${index}`)?.focus();
  });
  inEveryLanguage(drawPlace);
  initialiseOutputs();
  initialiseModes();
  initialisePhoto(state.samples, () => {
    clearFormats(false);
    changed();
  });
  initialiseEvents(() => ({ configuration: configuration(), bucket: settings.source, folder: settings.folder }), changed);
}

start();

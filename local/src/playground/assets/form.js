// The form of the settings, and mistakes beside their fields.

import { option, parseThumbnails, setOption, sizeText, variable, withVariable, writeThumbnails } from "./configuration.js";
import { byId, element, formatName } from "./elements.js";
import { inEveryLanguage, t } from "./texts.js";

const FITS = ["inside", "cover", "ratio", "pad", "exact"];
// The fits that crop.
const CROPS = ["cover", "ratio"];
const PLACES = [
  "auto", "center", "north", "south", "west", "east", "northwest", "northeast", "southwest", "southeast", "focus",
];
// Text fields of the form by their variables, with examples.
const TEXTS = [
  ["TARGET_KEY", "target_key", "{name}/{key}"],
  ["SOURCE_PREFIX", "source_prefix", "uploads/"],
  ["SOURCE_SUFFIX", "source_suffix", ".jpg;.png"],
  ["TARGET_BUCKET", "target_bucket", "thumbs-1250000000"],
  ["CACHE_CONTROL", "cache_control", "public, max-age=31536000"],
];

let variables = [];
let sizes = [];
let formats = [];
let changed = () => {};
let sizeChosen = () => {};
let shownMistakes = [];

export function initialiseForm(ofProgram, onChange, onSizeChosen) {
  formats = ofProgram;
  changed = onChange;
  sizeChosen = onSizeChosen;
  byId("panel-form").addEventListener("submit", (event) => event.preventDefault());
  inEveryLanguage(draw);
}

// Shows other variables, as after an edit of their text.
export function showVariables(next) {
  variables = next;
  sizes = parseThumbnails(variable(next, "THUMBNAILS"));
  sizeChosen(null);
  draw();
}

function set(name, value) {
  variables = withVariable(variables, name, value);
  changed(variables);
}

const setSizes = () => set("THUMBNAILS", writeThumbnails(sizes));

// Sets the point that a size keeps, as parts of width and height.
export function setFocus(size, x, y) {
  const part = (value) => String(Math.round(Math.min(1, Math.max(0, value)) * 100) / 100);
  setOption(size, "gravity", "");
  setOption(size, "focus", `${part(x)}x${part(y)}`);
  setSizes();
  draw();
}

function draw() {
  const form = byId("panel-form");
  const focused = form.contains(document.activeElement) ? document.activeElement.id : "";
  form.replaceChildren(
    element("h3", { text: t("sizes") }),
    element("div", { class: "sizes", id: "sizes" }, ...sizes.map(sizeRow)),
    mistakeSlot("THUMBNAILS"),
    element("button", { type: "button", class: "add", id: "add-size", text: t("size_add"), onclick: addSize }),
    formatField(),
    qualityField(),
    moreFields(),
    element("div", { class: "mistakes", id: "form-mistakes" }),
  );
  if (focused) byId(focused)?.focus();
  showMistakes(shownMistakes);
}

function addSize() {
  const names = sizes.map((size) => size.name);
  let number = sizes.length + 1;
  while (names.includes(`size${number}`)) number += 1;
  if (sizes.length === 1 && !sizes[0].name) sizes[0].name = "size1";
  sizes.push({ name: `size${number}`, raw: null, width: "300", height: "300", options: [] });
  setSizes();
  draw();
  byId(`size-${sizes.length - 1}-width`).focus();
}

function removeSize(index) {
  sizes.splice(index, 1);
  setSizes();
  draw();
  (byId(`size-${Math.min(index, sizes.length - 1)}-width`) ?? byId("add-size")).focus();
}

// A labelled input that changes a size while it is typed in.
function sizeInput(index, member, label, properties) {
  const id = `size-${index}-${member}`;
  const input = element("input", {
    id,
    value: sizes[index][member],
    oninput: (event) => {
      sizes[index][member] = event.target.value.trim();
      setSizes();
    },
    ...properties,
  });
  return element("div", { class: `field ${member}` }, element("label", { for: id, text: t(label) }), input);
}

function sizeSelect(index, member, label, values, value, choose) {
  const id = `size-${index}-${member}`;
  const select = element("select", { id, onchange: (event) => choose(event.target.value) });
  for (const [name, text] of values) select.append(element("option", { value: name, text }));
  select.value = value;
  return element("div", { class: `field ${member}` }, element("label", { for: id, text: t(label) }), select);
}

function sizeRow(size, index) {
  const remove = element("button", {
    type: "button",
    class: "remove",
    text: "×",
    title: t("size_remove", { name: size.name }),
    "aria-label": t("size_remove", { name: size.name }),
    onclick: () => removeSize(index),
  });
  const row = element("div", { class: "size", role: "group", "aria-label": size.name || sizeText(size) });
  row.append(sizeInput(index, "name", "size_name", { spellcheck: "false" }), remove);
  if (size.raw === null) {
    const digits = { inputmode: "numeric", placeholder: t("free"), maxlength: 5 };
    row.append(
      sizeInput(index, "width", "size_width", digits),
      sizeInput(index, "height", "size_height", digits),
      fitField(size, index),
    );
    if (CROPS.includes(option(size, "fit"))) row.append(gravityField(size, index));
  } else {
    row.append(sizeInput(index, "raw", "size_raw", { spellcheck: "false" }));
  }
  const own = ownForm(size);
  if (own) row.append(own);
  row.append(element("p", { class: "mistake", id: `size-${index}-mistake`, hidden: true }));
  row.addEventListener("focusin", () => sizeChosen(size, index));
  return row;
}

// The format and quality that a size has for itself, and a button that takes them away.
function ownForm(size) {
  const [format, quality] = [option(size, "format"), option(size, "quality")];
  if (!format && !quality) return null;
  const text = [format ? formatName(format) : "", quality ? t("quality_value", { quality }) : ""].filter(Boolean).join(", ");
  const remove = element("button", { type: "button", class: "quiet", text: t("size_form_remove"), "aria-label": `${t("size_form_remove")}: ${size.name}`,
    onclick: () => {
      for (const word of ["format", "quality"]) setOption(size, word, "");
      setSizes();
      draw();
    } });
  return element("p", { class: "own facts" }, element("span", { text }), remove);
}

function fitField(size, index) {
  const values = FITS.map((fit) => [fit, t(`fit_${fit}`)]);
  return sizeSelect(index, "fit", "size_fit", values, option(size, "fit") || "inside", (fit) => {
    setOption(size, "fit", fit === "inside" ? "" : fit);
    if (!CROPS.includes(fit)) ["gravity", "focus"].forEach((word) => setOption(size, word, ""));
    setSizes();
    draw();
    sizeChosen(size, index);
  });
}

function gravityField(size, index) {
  const focus = option(size, "focus");
  const values = PLACES.map((place) => [place, t(`gravity_${place}`)]);
  const value = focus ? "focus" : option(size, "gravity") || "center";
  return sizeSelect(index, "gravity", "size_gravity", values, value, (place) => {
    setOption(size, "focus", place === "focus" ? "0.5x0.5" : "");
    setOption(size, "gravity", place === "focus" || place === "center" ? "" : place);
    setSizes();
    draw();
    sizeChosen(size, index);
  });
}

function formatField() {
  const value = variable(variables, "FORMAT").toLowerCase();
  const field = element("fieldset", { class: "formats", "data-setting": "FORMAT" }, element("legend", { text: t("format") }));
  const group = element("div", { class: "segmented" });
  for (const format of ["", ...formats]) {
    const id = `format-${format || "source"}`;
    const radio = element("input", { type: "radio", name: "format", id, onchange: () => set("FORMAT", format) });
    radio.checked = format === (value === "jpg" ? "jpeg" : value);
    const text = format ? formatName(format) : t("format_source");
    group.append(radio, element("label", { for: id, text }));
  }
  field.append(group, mistakeSlot("FORMAT"));
  return field;
}

function qualityField() {
  const value = variable(variables, "QUALITY");
  const range = element("input", {
    type: "range", min: 1, max: 100, value: value || 80, "aria-hidden": "true", tabindex: -1,
    oninput: () => {
      number.value = range.value;
      set("QUALITY", range.value);
    },
  });
  const number = element("input", {
    id: "quality", inputmode: "numeric", value, placeholder: "80", "data-setting": "QUALITY", maxlength: 8,
    oninput: () => {
      range.value = number.value || 80;
      set("QUALITY", number.value.trim());
    },
  });
  return element("div", { class: "field quality" },
    element("label", { for: "quality", text: t("quality") }),
    element("span", { class: "hint", text: t("quality_hint") }),
    element("div", { class: "with-range" }, range, number),
    mistakeSlot("QUALITY"));
}

function moreFields() {
  const fields = element("div", { class: "fields" });
  const isSet = TEXTS.some(([name]) => variable(variables, name) !== "");
  for (const [name, label, example] of [["BACKGROUND", "background", "#ffffff"], ...TEXTS]) {
    const id = `field-${name}`;
    fields.append(element("div", { class: "field" },
      element("label", { for: id, text: t(label) }),
      element("input", {
        id, value: variable(variables, name), placeholder: example, spellcheck: "false", "data-setting": name,
        oninput: (event) => set(name, event.target.value.trim()),
      }),
      mistakeSlot(name)));
  }
  const former = byId("more");
  const more = element("details", { id: "more", open: former ? former.open : isSet });
  more.append(element("summary", { text: t("more") }), fields);
  return more;
}

const mistakeSlot = (name) => element("p", { class: "mistake", id: `mistake-${name}`, hidden: true });

// Shows sentences of the program beside the fields of their settings, and the others below the form.
export function showMistakes(mistakes) {
  shownMistakes = mistakes;
  const form = byId("panel-form");
  for (const slot of form.querySelectorAll(".mistake")) {
    slot.hidden = true;
    slot.textContent = "";
  }
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  const others = mistakes.filter((mistake) => !showBesideField(mistake));
  byId("form-mistakes").replaceChildren(...others.map(({ sentence }) => element("p", { class: "mistake", text: sentence })));
}

function showBesideField({ setting, sentence }) {
  const index = setting === "THUMBNAILS" ? sizeOfMistake(sentence) : -1;
  const slot = index >= 0 ? byId(`size-${index}-mistake`) : byId(`mistake-${setting}`);
  if (!slot) return false;
  const row = slot.closest(".size");
  const inputs = row ? row.querySelectorAll("input") : byId("panel-form").querySelectorAll(`[data-setting="${setting}"]`);
  for (const input of inputs) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", slot.id);
  }
  slot.append(slot.textContent ? "\n" : "", sentence);
  slot.hidden = false;
  const details = slot.closest("details");
  if (details) details.open = true;
  return true;
}

// The size whose text or name a sentence quotes: THUMBNAILS is "…"; …
function sizeOfMistake(sentence) {
  const quoted = /^THUMBNAILS is "((?:[^"\\]|\\.)*)"/.exec(sentence)?.[1];
  if (quoted === undefined) return -1;
  return sizes.findIndex((size) =>
    [size.name, sizeText(size), `${size.name}=${sizeText(size)}`].some((text) => text === quoted && text !== ""));
}

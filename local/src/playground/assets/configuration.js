// The settings as variables, as the sizes of the form, and as thumbnails.json.
//
// The program alone decides what is right: nothing here refuses a value.

// Sizes of a page that was started without settings.
export const START = [["THUMBNAILS", "small=150x150;card=400x300/fit/cover/gravity/auto;large=1200x1200"]];

// Reads lines of NAME=value. Empty lines and lines that begin with # are left out.
export function parseVariables(text) {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line && !line.startsWith("#")).map((line) => {
    const at = line.indexOf("=");
    return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
}

export const writeVariables = (variables) => variables.map(([name, value]) => `${name}=${value}`).join("\n");

export const variable = (variables, name) => variables.find(([have]) => have === name)?.[1] ?? "";

// The variables with another value of one of them. An empty value removes it.
export function withVariable(variables, name, value) {
  const others = variables.filter(([have]) => have !== name);
  if (value === "") return others;
  const at = variables.findIndex(([have]) => have === name);
  others.splice(at < 0 ? others.length : at, 0, [name, value]);
  return others;
}

const NAMED = /^([A-Za-z0-9_-]{1,64})=(.*)$/s;
const SIZE = /^(\d*)x(\d*)((?:\/[^/]+\/[^/]+)*)$/;

// Reads THUMBNAILS to the sizes of the form. An entry that is no size keeps its text in `raw`.
export function parseThumbnails(text) {
  return text.split(";").map((entry) => entry.trim()).filter(Boolean).map((entry) => {
    const [, name, rest] = NAMED.exec(entry) ?? [null, "", entry];
    const size = SIZE.exec(rest);
    if (!size) return { name, raw: rest, width: "", height: "", options: [] };
    const words = size[3].split("/").slice(1);
    const options = [];
    for (let at = 0; at + 1 < words.length; at += 2) options.push([words[at], words[at + 1]]);
    return { name, raw: null, width: size[1], height: size[2], options };
  });
}

// The text of a size without its name.
export function sizeText(size) {
  if (size.raw !== null) return size.raw;
  return `${size.width}x${size.height}${size.options.map(([word, value]) => `/${word}/${value}`).join("")}`;
}

export const writeThumbnails = (sizes) =>
  sizes.map((size) => (size.name ? `${size.name}=${sizeText(size)}` : sizeText(size))).join(";");

export const option = (size, word) => size.options.find(([have]) => have === word)?.[1] ?? "";

export function setOption(size, word, value) {
  const at = size.options.findIndex(([have]) => have === word);
  if (at >= 0) size.options.splice(at, 1);
  if (value !== "") size.options.splice(at < 0 ? size.options.length : at, 0, [word, value]);
}

// The variables with a format and a quality for the size at an index, or for all sizes where it cannot have its own.
export function withForm(variables, index, format, quality) {
  const sizes = parseThumbnails(variable(variables, "THUMBNAILS"));
  const size = sizes[index];
  if (!size || size.raw !== null) {
    return withVariable(withVariable(variables, "FORMAT", format), "QUALITY", quality === null ? "" : String(quality));
  }
  setOption(size, "format", format);
  setOption(size, "quality", quality === null ? "" : String(quality));
  return withVariable(variables, "THUMBNAILS", writeThumbnails(sizes));
}

// The same in the text of thumbnails.json.
export function withFormInFile(text, name, format, quality) {
  const file = JSON.parse(text);
  const [rule] = file.rules;
  const isNamed = typeof rule.thumbnails === "object" && !Array.isArray(rule.thumbnails) && name in rule.thumbnails;
  const written = isNamed ? rule.thumbnails[name] : null;
  const [size] = typeof written === "string" ? parseThumbnails(written) : [];
  if (size && size.raw === null) {
    setOption(size, "format", format);
    setOption(size, "quality", quality === null ? "" : String(quality));
    rule.thumbnails[name] = sizeText(size);
  } else {
    const of = written !== null && typeof written === "object" ? written : rule;
    of.format = format;
    if (quality === null) delete of.quality;
    else of.quality = quality;
  }
  return `${JSON.stringify(file, null, 2)}\n`;
}

const RULE = {
  FORMAT: "format",
  QUALITY: "quality",
  BACKGROUND: "background",
  HEIC: "heic",
  COLLISIONS: "collisions",
  MANIFEST: "manifest",
  AIGC_LABEL: "aigc_label",
  AIGC_PROPAGATOR: "aigc_propagator",
};
const TARGET = {
  TARGET_BUCKET: "bucket",
  TARGET_KEY: "key",
  CACHE_CONTROL: "cache_control",
  STORAGE_CLASS: "storage_class",
  ACL: "acl",
};

// The variables as thumbnails.json with one rule.
export function toFile(variables) {
  const rule = {};
  const others = {};
  const value = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : text);
  const set = (member, name, text) => ((rule[member] ??= {})[name] = text);
  for (const [name, text] of variables) {
    if (name === "THUMBNAILS") rule.thumbnails = thumbnailsOfFile(text);
    else if (name === "SOURCE_PREFIX") set("source", "prefix", text);
    else if (name === "SOURCE_SUFFIX") set("source", "suffix", text.split(";").filter(Boolean));
    else if (name in TARGET) set("target", TARGET[name], text);
    else if (name in RULE) rule[RULE[name]] = value(text);
    else others[name.toLowerCase()] = value(text);
  }
  return `${JSON.stringify({ rules: [rule], ...others }, null, 2)}\n`;
}

function thumbnailsOfFile(text) {
  const sizes = parseThumbnails(text);
  if (sizes.length === 0 || sizes.some((size) => !size.name)) return text;
  return Object.fromEntries(sizes.map((size) => [size.name, sizeText(size)]));
}

// Elements and numbers that several parts of the page show.

import { language, t } from "./texts.js";

export const byId = (id) => document.getElementById(id);

// Creates an element. Properties are attributes, except `on…` handlers and `text`.
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function number(value, digits, least = 0) {
  const locale = language() === "zh" ? "zh-CN" : "en";
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: least }).format(value);
}

export const decimal = (value) => number(value, 1, 1);

const FORMAT_NAMES = { jpeg: "JPEG", png: "PNG", webp: "WebP", gif: "GIF", avif: "AVIF" };

export const formatName = (format) => FORMAT_NAMES[format] ?? format;

export const count = (value) => number(value, 0);

export function bytes(value) {
  if (value < 1024) return `${number(value, 0)} B`;
  if (value < 1024 * 1024) return `${number(value / 1024, value < 10240 ? 1 : 0)} KB`;
  return `${number(value / 1024 / 1024, 1)} MB`;
}

export const milliseconds = (value) => `${number(value, value < 10 ? 1 : 0)} ms`;

export const percent = (part) => `${number(part * 100, part < 0.1 ? 1 : 0)} %`;

export const money = (value, currency) => `${number(value, 2, 2)} ${currency}`;

// A button that copies a text and says so.
export function copyButton(text) {
  const button = element("button", { type: "button", class: "copy", text: t("copy") });
  const says = (key) => {
    button.textContent = t(key);
    setTimeout(() => (button.textContent = t("copy")), 1600);
  };
  button.addEventListener("click", () =>
    navigator.clipboard.writeText(text()).then(() => says("copied"), () => says("copy_failed")));
  button.setAttribute("aria-live", "polite");
  return button;
}

// Buttons of which one is pressed.
export function choice(group, value, choose) {
  const show = (chosen) => {
    for (const button of group.children) button.setAttribute("aria-pressed", button.dataset.value === chosen);
  };
  group.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    show(button.dataset.value);
    choose(button.dataset.value);
  });
  show(value);
}

// Tabs: arrow keys move, and the chosen tab alone is reached by Tab.
export function tabs(list, choose) {
  const all = () => [...list.querySelectorAll("[role=tab]")];
  const select = (tab, moveFocus) => {
    for (const other of all()) {
      other.setAttribute("aria-selected", other === tab);
      other.tabIndex = other === tab ? 0 : -1;
    }
    if (moveFocus) tab.focus();
    choose(tab);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) select(tab, false);
  });
  list.addEventListener("keydown", (event) => {
    const tabsOfList = all();
    const at = tabsOfList.indexOf(event.target);
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabsOfList.length - 1 };
    if (at < 0 || !(event.key in moves)) return;
    event.preventDefault();
    select(tabsOfList[(moves[event.key] + tabsOfList.length) % tabsOfList.length], true);
  });
  return (tab) => select(tab, false);
}

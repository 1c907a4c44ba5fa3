// The cost of many photos. Prices are those of a dated list, and can be changed.

import { copyButton, count, element, milliseconds, money } from "./elements.js";
import { outcomeOf } from "./results.js";
import { t } from "./texts.js";

// The international list prices, as docs/sync.md has them.
const PRICES = { currency: "USD", date: "2024-12-24", gb_second: 0.0000167, invocations: 0.002, cos: 0.002 };
const STORED = "prices";

// Memory at which a function of SCF has one core, MB.
const CORE_MB = 1280;

let photos = 1_000_000;
// Milliseconds and requests that were typed instead of those of the run.
const typed = {};
let prices = readPrices();

function readPrices() {
  try {
    return { ...PRICES, ...JSON.parse(localStorage.getItem(STORED) ?? "{}") };
  } catch {
    return { ...PRICES };
  }
}

// Computes the cost. `ms` is the billed time of one photo.
export function cost({ photos: number, ms, memory, requests }, { gb_second: second, invocations, cos }) {
  const seconds = (number * ms * memory) / 1024 / 1000;
  const parts = { computing: seconds * second, invocations: (number * invocations) / 10_000, requests: (number * requests * cos) / 10_000 };
  return { seconds, ...parts, sum: parts.computing + parts.invocations + parts.requests };
}

// Time that one photo takes in a function with this memory, which may have less than a core.
export const scaled = (ms, memory) => ms * Math.max(1, CORE_MB / memory);

export function costPanel({ memory }, run) {
  const panel = element("div", { class: "cost" });
  const measured = run?.elapsed_ms ?? 100;
  const ofRun = run ? outcomeOf(run)?.requests ?? run.requests.length : 4;
  const fields = element("div", { class: "fields" });
  const result = element("div", { "aria-live": "polite" });
  const values = () => ({
    photos,
    ms: typed.ms ?? Math.ceil(scaled(measured, memory)),
    memory,
    requests: typed.requests ?? ofRun,
  });
  const field = (label, value, change, type = "number") => {
    const id = `cost-${label}`;
    const input = element("input", { id, type, value: String(value), min: 0, step: "any",
      oninput: () => {
        change(type === "number" ? Math.max(0, Number(input.value) || 0) : input.value);
        draw();
      } });
    fields.append(element("div", { class: "field" }, element("label", { for: id, text: t(`cost_${label}`) }), input));
  };
  const price = (name) => (value) => {
    prices = { ...prices, [name]: value };
    localStorage.setItem(STORED, JSON.stringify(prices));
  };
  field("photos", photos, (value) => (photos = value));
  field("ms", values().ms, (value) => (typed.ms = value));
  field("requests", values().requests, (value) => (typed.requests = value));
  field("gb_second", prices.gb_second, price("gb_second"));
  field("invocations", prices.invocations, price("invocations"));
  field("cos", prices.cos, price("cos"));
  field("currency", prices.currency, price("currency"), "text");
  field("date", prices.date, price("date"), "date");
  const reset = element("button", { type: "button", class: "quiet", text: t("cost_reset"), onclick: () => {
    localStorage.removeItem(STORED);
    prices = { ...PRICES };
    delete typed.ms;
    delete typed.requests;
    panel.replaceWith(costPanel({ memory }, run));
  } });
  function draw() {
    result.replaceChildren(table(values(), prices));
  }
  draw();
  // Rows of a spreadsheet, with what they are computed from.
  const rows = () => [...result.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent).join("\t"));
  const assumed = () => `${t("cost_ms")}: ${values().ms}; ${t("cost_date")}: ${prices.date}`;
  panel.append(copyButton(() => [...rows(), assumed(), ""].join("\n")), result, element("p", { class: "hint", text: t("cost_ms_hint", { ms: milliseconds(measured) }) }), fields, reset,
    element("p", { class: "hint", text: t("cost_hint") }));
  return panel;
}

function table(values, list) {
  const { seconds, computing, invocations, requests, sum } = cost(values, list);
  const row = (item, amount, value, className) => element("tr", { class: className },
    element("th", { scope: "row", text: item }), element("td", { class: "number", text: amount }),
    element("td", { class: "number", text: money(value, list.currency) }));
  return element("table", {},
    element("thead", {}, element("tr", {},
      ...["cost_item", "cost_amount", "cost_price"].map((key) => element("th", { scope: "col", text: t(key) })))),
    element("tbody", {},
      row(t("cost_computing"), t("cost_computing_amount", { count: count(seconds), memory: `${values.memory} MB` }), computing),
      row(t("cost_invocations_item"), count(values.photos), invocations),
      row(t("cost_requests_item"), count(values.photos * values.requests), requests),
      row(t("cost_sum"), "", sum, "sum")));
}

// Switches of the faults that the next deliveries meet.

import { byId, element } from "../elements.js";
import { inEveryLanguage, t } from "../texts.js";

// Names of the program, with how often each happens unless another number is typed.
const FAULTS = [
  ["slow_down", 2], ["reset", 1], ["lost_answer", 1], ["corrupt", 1], ["truncate", 1], ["slow", 2], ["expired_token", 1],
  ["killed", 1], ["runtime_reset", 1], ["runtime_error", 1],
];
const MOST = 99;

const switches = FAULTS.map(([fault, times]) => ({ fault, times, usual: times, isOn: false }));

export function initialiseFaults() {
  inEveryLanguage(draw);
}

export const switchedOn = () => switches.filter(({ isOn }) => isOn).map(({ fault, times }) => ({ fault, times }));

// Shows what a delivery left of the faults that it was sent with. Those that are used up are switched off.
export function showLeft(used, left) {
  for (const { fault, times } of used) {
    const one = switches.find((other) => other.fault === fault);
    const rest = left.find((other) => other.fault === fault)?.times ?? 0;
    // Another number was typed meanwhile.
    if (one.times !== times) continue;
    one.isOn = rest > 0;
    one.times = rest > 0 ? rest : one.usual;
  }
  for (const one of switches) show(one);
}

function show({ fault, times, isOn }) {
  byId(`fault-${fault}`).checked = isOn;
  if (byId(`fault-${fault}-times`) !== document.activeElement) byId(`fault-${fault}-times`).value = times;
}

function draw() {
  byId("ev-faults").replaceChildren(...switches.map((one) => {
    const { fault } = one;
    const name = t(`ev_fault_${fault}`);
    const box = element("input", { type: "checkbox", role: "switch", id: `fault-${fault}`, onchange: () => (one.isOn = box.checked) });
    const times = element("input", {
      type: "number", min: 1, max: MOST, id: `fault-${fault}-times`, "aria-label": t("ev_fault_times", { fault: name }),
      oninput: () => (one.times = Math.min(MOST, Math.max(1, Math.round(Number(times.value)) || 1))),
    });
    return element("div", { class: "ev-fault" }, box, element("label", { for: box.id, text: name }), times);
  }));
  switches.forEach(show);
}

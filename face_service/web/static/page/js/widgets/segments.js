/** A choice between few things, side by side. */

import { el } from "../dom.js";

let groups = 0;

/**
 * @param {object} how
 * @param {string} how.label a text's key
 * @param {Record<string, string>} how.options each value with its text's key; the first is chosen
 * @param {(value: string) => void} how.onChange
 * @returns {{element: HTMLElement, choose: (value: string) => void}}
 */
export function segments({ label, options, onChange }) {
  groups += 1;
  const name = `segments-${groups}`; // radio buttons of one name are one group
  const inputs = Object.entries(options).map(([value, key], at) => {
    const change = () => onChange(value);
    const input = el("input", { type: "radio", name, value, checked: at === 0, on: { change } });
    return { value, input, element: el("label", { class: "segment" }, input, el("span", { t: key })) };
  });
  const all = inputs.map(({ element }) => element);
  const element = el("div", { class: "segments", role: "radiogroup", label }, ...all);
  const choose = (value) => {
    inputs.find((one) => one.value === value).input.checked = true;
    onChange(value);
  };
  return { element, choose };
}

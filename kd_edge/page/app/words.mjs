// The page's sentences in the reader's language: see strings/.
import { de } from "./strings/de.mjs";
import { en } from "./strings/en.mjs";

/** @typedef {keyof typeof en} Key */
/** @typedef {Record<string, string | number>} Values */

/** @type {Record<string, Record<Key, string>>} */
const LANGUAGES = { en, de };

let language = "en";

/** Languages with their own names. */
export function languages() {
  return Object.entries(LANGUAGES).map(([code, strings]) => ({ code, name: strings.language }));
}

/** The first of a reader's languages that the page has. @param {readonly string[]} wanted */
export function bestLanguage(wanted) {
  return wanted.map((one) => one.slice(0, 2).toLowerCase()).find((one) => one in LANGUAGES) ?? "en";
}

/** @param {string} code */
export function setLanguage(code) {
  language = code;
}

/**
 * A sentence with values in it. "{n} row|{n} rows" is one of two by the number `n`.
 *
 * @param {Key} key
 * @param {Values} [values] numbers are written as the language writes them
 */
export function say(key, values = {}) {
  const forms = LANGUAGES[language][key].split("|");
  const isOne = forms.length > 1 && new Intl.PluralRules(language).select(Number(values.n)) === "one";
  return forms[isOne ? 0 : forms.length - 1].replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : String(value ?? "");
  });
}

/** A number with at most so many digits after the point. @param {number} value @param {number} [digits] */
export function number(value, digits = 0) {
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, format).format(value);
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

/** Why a person should look. @param {string} flag */
export function flagReason(flag) {
  return say(/** @type {Key} */ (`flag_${flag}`));
}

/** Puts sentences where the page has places for them. @param {ParentNode} root */
export function translate(root) {
  for (const place of root.querySelectorAll("[data-say]")) {
    place.textContent = say(/** @type {Key} */ (place.getAttribute("data-say")));
  }
  for (const name of ["label", "placeholder"]) {
    const attribute = name === "label" ? "aria-label" : name;
    for (const place of root.querySelectorAll(`[data-${name}]`)) {
      place.setAttribute(attribute, say(/** @type {Key} */ (place.getAttribute(`data-${name}`))));
    }
  }
}

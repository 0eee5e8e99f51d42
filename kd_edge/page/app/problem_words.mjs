// The sentences of problems, in the language of the document.
import { problemsDe } from "./strings/problems_de.mjs";
import { problemsEn } from "./strings/problems_en.mjs";

/** @typedef {import("./problems.mjs").Values} Values */
/** @typedef {Record<string, string>} Sentences */

/** @type {Record<string, Sentences>} */
const LANGUAGES = { en: problemsEn, de: problemsDe };

/** @param {string} key @param {Values} values */
export function problemSentence(key, values) {
  const language = document.documentElement.lang.slice(0, 2);
  /** @type {Sentences} */
  const sentences = LANGUAGES[language] ?? problemsEn;
  return (sentences[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    return name === "why" ? (sentences[value] ?? String(value)) : String(value);
  });
}

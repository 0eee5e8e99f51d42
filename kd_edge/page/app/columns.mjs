// Guesses which columns of a table hold what, by their usual names, as `kd-edge score` does.
import { looksLikeTitle, looseCandidates, questions, scoreOf } from "./titles.mjs";
import { isUsual, usual } from "./usual_names.mjs";
import { oneLine, plainName } from "./python_strings.mjs";

/** @typedef {import("./scoring.mjs").Columns} Columns */
/** @typedef {import("./usual_names.mjs").Role} Role */
/** @typedef {import("./usual_names.mjs").RoleName} RoleName */

/** @param {RoleName} name */
const role = (name) => /** @type {Role} */ (usual().roles.find((one) => one.name === name));

/** The columns whose names are usual ones, for any role. @param {string[]} header */
function usualPlaces(header) {
  return [...header.keys()].filter((at) => isUsual(plainName(header[at])));
}

/** How many names of a header are usual ones. @param {string[]} header */
export const knownNames = (header) => usualPlaces(header).length;

/**
 * The columns that match the best matching tier of a role.
 *
 * @param {string[]} header
 * @param {RoleName} name
 */
function candidates(header, name) {
  const names = header.map(plainName);
  for (const tier of role(name).tiers) {
    const usualOnes = tier.split(" ");
    const found = [...names.keys()].filter((at) => usualOnes.includes(names[at]));
    if (found.length) return found;
  }
  return [];
}

/**
 * The column of a role; null where none fits, or several do equally well.
 *
 * @param {string[]} header
 * @param {RoleName} name
 * @param {(number | null)[]} taken
 */
function guessOf(header, name, taken) {
  let found = candidates(header, name);
  if (!found.length && (name === "text" || name === "score")) {
    const out = new Set([...usualPlaces(header), ...taken.filter((at) => at !== null)]);
    found = looseCandidates(header, role(name), out);
    if (!found.length && name === "text") found = questions(header, out);
  }
  return found.length === 1 ? found[0] : null;
}

/**
 * @param {string[]} header
 * @param {number} items how many items the page has
 * @returns {Columns}
 */
export function guessColumns(header, items) {
  const names = header.map(oneLine);
  const item = items > 1 ? guessOf(names, "item_id", []) : null;
  const text = guessOf(names, "text", [item]);
  const ids = candidates(header, "response_id");
  const id = ids.length && ids[0] !== text && ids[0] !== item ? ids[0] : null;
  return { id, item, text, score: guessScore(names, text, item) };
}

/** @param {string[]} names @param {number | null} text @param {number | null} item */
function guessScore(names, text, item) {
  const own = text !== null && looksLikeTitle(names[text]) ? scoreOf(names, text) : null;
  const at = own ?? guessOf(names, "score", [text, item]);
  return at === text || at === item ? null : at;
}

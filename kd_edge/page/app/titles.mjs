// Columns whose names are titles: the question itself, "Grade/3.00", "Response 1", "Why? [Score]".
import { isUsual, namesOf, usual } from "./usual_names.mjs";
import { folded, isAscii, plainName, splitWords, strip } from "./python_strings.mjs";

/** @typedef {import("./usual_names.mjs").Role} Role */

const POINTS = "[0-9]+(?:[.,][0-9]+)?";
// What may follow a name: "/3.00", "(0-3)", "[out of 3]", ": " and the like.
const AFTER = new RegExp(`\\s*(?:/\\s*${POINTS}|\\([^()]*\\)|\\[[^\\[\\]]*\\]|[:*])\\s*$`);
// Moodle's grade of one question: "Q. 1 /3.00".
const MOODLE_GRADE = new RegExp(`^[A-Z]\\.\\s*[0-9]+\\s*/\\s*${POINTS}$`);
// Canvas: "102: Why does the ice melt?", and beside it the points of that question.
const CANVAS_QUESTION = /^[0-9]+: ?(?=\S)/;
const [LONG, WORDS, ASKING] = [30, 4, 3];

/** @param {string} name @param {boolean} numbered whether a number at its end may be left out too */
function loosened(name, numbered) {
  let [long, short] = [name, name.replace(AFTER, "")];
  while (short !== long) [long, short] = [short, short.replace(AFTER, "")];
  const bare = plainName(long);
  return numbered ? bare.replace(/[0-9]+$/, "") : bare;
}

/**
 * The columns whose names are a role's usual ones with something behind them.
 *
 * @param {string[]} header
 * @param {Role} role
 * @param {Set<number>} taken
 */
export function looseCandidates(header, role, taken) {
  const free = [...header.keys()].filter((at) => !taken.has(at));
  if (role.name === "score") {
    const found = free.filter((at) => MOODLE_GRADE.test(strip(header[at])));
    if (found.length) return found;
  }
  const numbered = role.name === "text" || role.name === "score";
  const names = namesOf(role);
  return free.filter((at) => names.includes(loosened(header[at], numbered)));
}

/**
 * The columns whose title can be a question, so that its responses stand below.
 *
 * @param {string[]} header
 * @param {Set<number>} taken
 */
export function questions(header, taken) {
  const { forms } = usual();
  const names = header.map((name) => loosened(name, true));
  if (!names.some((name) => isUsual(name) || forms.includes(name))) return [];
  const titles = [...header.keys()].filter((at) => !taken.has(at) && !isUsual(names[at]) && isTitle(header[at]));
  return titles.filter((at) => !titles.some((one) => isAbout(header[at], header[one])));
}

/** Whether a column is called by another's title and something more. @param {string} name @param {string} title */
function isAbout(name, title) {
  const [long, short] = [strip(name), strip(title)];
  return short.length < long.length && long.includes(short);
}

/** @param {string} name */
function isTitle(name) {
  const words = splitWords(name);
  if (usual().forms.includes(plainName(name)) || !/\p{L}/u.test(name)) return false;
  const asks = /[?\uff1f\u061f]$/.test(strip(name));
  if (words.length === 1) return asks && [...name].length > WORDS && !isAscii(name);
  return words.length >= (asks || [...name].length > LONG ? ASKING : WORDS);
}

/** Whether a column's name is unusually long, and perhaps the question itself. @param {string} name */
export const looksLikeTitle = (name) => [...name].length > LONG || splitWords(name).length > 2;

/**
 * The column with the scores of a question that is a column's title; null where there is none.
 *
 * @param {string[]} header
 * @param {number} at the question's column
 */
export function scoreOf(header, at) {
  const title = strip(header[at]);
  const names = namesOf(/** @type {Role} */ (usual().roles.find((role) => role.name === "score")));
  for (const [other, name] of header.entries()) {
    if (isAbout(name, title) && names.includes(plainName(name.replace(title, () => "")))) return other;
  }
  const beside = header[at + 1];
  const isPoints = beside !== undefined && new RegExp(`^${POINTS}$`).test(folded(strip(beside)));
  return CANVAS_QUESTION.test(title) && isPoints ? at + 1 : null;
}

// Whether a text that is not UTF-8 is Windows-1252 beyond doubt: its letters are those of a Western language.
import { isAscii } from "./python_strings.mjs";

/**
 * What texts in a language are written with; from kd_edge_runtime.tables.reading.letters.
 *
 * @typedef {object} Language
 * @property {string} letters the small letters that are not ASCII
 * @property {string} common some of them, at least `share` of all that are not ASCII
 * @property {number} share
 * @property {boolean} scattered whether they stand among ASCII letters, three in a row being too many
 * @property {boolean} apart whether they never stand in a word with ASCII letters
 * @property {[string, string][]} rules a letter, and a pattern of Python's for what follows it
 */

const MOST = 100_000;
const ODD = 0.02;
const FEW = 0.005;
const VOWELS = "aeiouhAEIOUH";
const OPENING = "“„‘«‹";
const CLOSING = "”’»›";
const SIGNS = "€£¥¢§©®×÷±†‡‰¼½¾";
const PUNCTUATION = "–—…•";

/** @param {string} char */
const isAlpha = (char) => /^\p{L}$/u.test(char);
/** @param {string} char */
const isAlnum = (char) => /^[\p{L}\p{N}]$/u.test(char);
/** @param {string} char */
const isLower = (char) => /^\p{Lowercase}$/u.test(char);
/** @param {string} char */
const isLetter = (char) => isAlpha(char) && !"ªºµ".includes(char);

/** What a text has that is not ASCII, each with what stands around it. */
export class Letters {
  /** How often a character stands between two others. @type {Map<string, number>} */
  #found = new Map();
  #seen = 0;
  #length = 0;

  /** Looks at a line. @param {string} line */
  add(line) {
    if (this.#seen >= MOST) return;
    this.#length += line.length;
    if (isAscii(line)) return;
    const around = ` ${line} `;
    for (const { index } of around.matchAll(/[^\x00-\x7f]/g)) {
      const three = around.slice(index - 1, index + 2);
      this.#found.set(three, (this.#found.get(three) ?? 0) + 1);
      this.#seen++;
    }
  }

  /** @param {(before: string, char: string, after: string) => boolean} wanted */
  #count(wanted) {
    let count = 0;
    for (const [[before, char, after], number] of this.#found) if (wanted(before, char, after)) count += number;
    return count;
  }

  /**
   * Whether nearly all of it can be of one of the languages.
   *
   * @param {Language[]} languages
   * @param {Language} names of people, which may be in any text
   */
  isPlausible(languages, names) {
    const many = this.#count(() => true);
    const few = this.#count((_, char) => isAlpha(char)) <= this.#length * FEW;
    return many > 0 && [...languages, ...(few ? [names] : [])].some((one) => this.#isIn(one, many));
  }

  /** @param {Language} language @param {number} many */
  #isIn(language, many) {
    const odd = this.#count((...three) => !isUsualThere(...three, language));
    const common = this.#count((_, char) => language.common.includes(char.toLowerCase()));
    const letters = this.#count((_, char) => isLetter(char));
    return odd <= many * ODD && common >= letters * language.share;
  }
}

/** @param {string} before @param {string} char @param {string} after @param {Language} language */
function isUsualThere(before, char, after, language) {
  if (!isLetter(char)) return isUsualMark(before, char, after);
  const small = char.toLowerCase();
  if (!language.letters.includes(small)) return false;
  if (char !== small && isAlpha(before) && (isLower(before) || isLower(after))) return false;
  if (language.apart && [before, after].some((one) => isAscii(one) && isAlpha(one))) return false;
  if (language.scattered && !isAscii(before) && !isAscii(after)) return false;
  return language.rules.every(([letter, rule]) => letter !== small || follows(rule, after));
}

/** Whether a character is what a pattern of Python's says, whose \W knows all letters. @param {string} rule @param {string} char */
function follows(rule, char) {
  if (rule.includes("\\W") && !isAscii(char) && isAlnum(char)) return false;
  return new RegExp(`^(?:${rule})$`, "s").test(char);
}

/** @param {string} before @param {string} char @param {string} after */
function isUsualMark(before, char, after) {
  const inside = isAlpha(before) && isAlpha(after);
  if ("\xa0\u3000".includes(char) || (PUNCTUATION.includes(char) && !inside)) return true;
  if (char === "’" && inside) {
    return "stdmrlv".includes(after) || ("ldcjmnstuvz".includes(before.toLowerCase()) && `${VOWELS}éê`.includes(after));
  }
  if (OPENING.includes(char) || CLOSING.includes(char) || SIGNS.includes(char)) return !inside;
  if ("²³¹ºª".includes(char)) return (isAlnum(before) || ")]".includes(before)) && !isAlpha(after);
  if ("°µ".includes(char)) return !isAlpha(before) && !(char === "°" && isLower(after));
  if ("¿¡".includes(char)) return !isAlnum(before) && /\S/.test(after);
  if (char === "‚") return !isAlnum(before) && isAlnum(after);
  if ("™·".includes(char)) return !isAlpha(after) || char === "·";
  return "、。，！？；：（）「」《》".includes(char);
}

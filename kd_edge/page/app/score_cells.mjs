// What a cell with a person's score says: one of an item's classes, however a spreadsheet writes it.
import { folded, isAscii, strip } from "./python_strings.mjs";

// Signs that mean the same as one of ASCII.
/** @type {Record<string, string>} */
const PLAIN = Object.fromEntries(
  Object.entries({
    "-": "\u2212\u2010\u2011\u2013\uff0d",
    "+": "\uff0b",
    ".": "\uff0e\u066b",
    ",": "\uff0c",
    "/": "\uff0f\u2044\u2215",
    "%": "\uff05\u066a",
    " ": "\u00a0\u202f\u2009",
    ".5": "\u00bd",
    ".25": "\u00bc",
    ".75": "\u00be",
  }).flatMap(([plain, signs]) => [...signs].map((sign) => [sign, plain])),
);
const NUMBER = "[+-]?(?:[0-9]{1,9}(?:[.,][0-9]{0,17})?|[.,][0-9]{1,17})(?:[eE][+-]?[0-9]{1,2})?";
const SCORE = new RegExp(
  `^(${NUMBER})\\s*(?:(%)|(?:/|out of|of|von|sur|de)\\s*(${NUMBER}))?(?:\\s*(?:p|pts?|points?|pkt|punkte?|puntos?|puan)\\.?)?$`,
  "iu",
);
const MIXED = /^([+-]?[0-9]{1,9}) ([1-3])\/([24])$/;
const THOUSANDS = /^[+-]?[1-9][0-9]{0,2},[0-9]{3}$/;
const MOST = 1e9;

/** The value of a digit of any script: they come in tens that begin at a 0 or a 6 in hexadecimal. @param {string} digit */
function digitOf(digit) {
  const code = /** @type {number} */ (digit.codePointAt(0));
  if (code >= 0x1d7ce && code <= 0x1d7ff) return (code - 0x1d7ce) % 10;
  const last = code & 15;
  return /\p{Nd}/u.test(String.fromCodePoint(code - last)) ? last : last - 6;
}

/** @param {string} cell */
function plain(cell) {
  // A spreadsheet's mark of a number kept as text is no part of it.
  const bare = [...strip(cell).replace(/^'+/, "")].map((sign) => PLAIN[sign] ?? sign).join("");
  return isAscii(bare) ? bare : bare.replace(/\p{Nd}/gu, (digit) => String(digitOf(digit)));
}

/** @param {string} number */
const valueOf = (number) => Math.round(Number(number.replace(",", ".")) * 1e6) / 1e6;

/** A score that is a number; null where it is none, or could be two. @param {string} cell */
function readScore(cell) {
  let bare = plain(cell);
  const mixed = MIXED.exec(bare);
  if (mixed) {
    const part = Number(mixed[2]) / Number(mixed[3]);
    bare = String(Number(mixed[1]) + (mixed[1][0] === "-" ? -part : part));
  }
  const found = SCORE.exec(bare);
  if (!found || THOUSANDS.test(found[1])) return null;
  const points = valueOf(found[1]);
  if (Math.abs(points) > MOST) return null;
  if (found[2]) return { points, outOf: 100 };
  if (!found[3]) return { points, outOf: null };
  const outOf = valueOf(found[3]);
  return outOf > 0 ? { points, outOf } : null;
}

/**
 * The place of a score among an item's classes; -1 where it is none of them.
 *
 * @param {string} cell
 * @param {readonly string[]} classes
 */
export function classOf(cell, classes) {
  const bare = strip(cell);
  if (!bare) return -1;
  const place = classes.map(folded).indexOf(folded(bare));
  if (place >= 0) return place;
  const score = readScore(bare);
  if (!score) return -1;
  const points = classes.map((name) => readScore(name)?.points ?? null);
  const at = points.indexOf(score.points);
  if (at < 0 || points.includes(null)) return -1;
  const most = Math.max(0, ...points.map((one) => one ?? 0));
  return score.outOf === null || score.outOf === 100 || score.outOf === most ? at : -1;
}

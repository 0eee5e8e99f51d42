// Strings as Python takes them, so that tables are read as `kd-edge score` reads them.

const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");
const INK = new RegExp(`[^${SPACE}]`);
const SPACES = new RegExp(`[${SPACE}]+`);
const NOT_ASCII = /[^\x00-\x7f]/;

// Letters that are not a letter and a mark; the rest is Unicode's to take apart.
/** @type {Record<string, string>} */
const LETTERS = { "\u0131": "i", ł: "l", ø: "o", œ: "oe", æ: "ae" };

/** Without white space around it. @param {string} text */
export const strip = (text) => text.replace(AROUND, "");

/** Whether a text is white space alone, or nothing. @param {string} text */
export const isBlank = (text) => !INK.test(text);

/** The words between white space. @param {string} text */
export const splitWords = (text) => strip(text).split(SPACES).filter(Boolean);

/** @param {string} text */
export const isAscii = (text) => !NOT_ASCII.test(text);

/** Without case. @param {string} text */
export const folded = (text) => text.toUpperCase().toLowerCase().replaceAll("ς", "σ");

/**
 * Words for comparison: "Réponse (texte)" is "reponsetexte".
 *
 * @param {string} words
 */
export function plainName(words) {
  let name = words;
  if (!isAscii(name)) name = folded(name).normalize("NFKD").replace(/[\u0131łøœæ]/g, (letter) => LETTERS[letter]);
  return folded(name).replace(/[^\p{L}\p{N}]/gu, "") || name;
}

/** With single spaces and no line ends. @param {string} name */
export const oneLine = (name) => splitWords(name).join(" ");

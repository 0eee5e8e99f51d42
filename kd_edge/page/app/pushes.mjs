// Which words pushed a score where: up or down the scale, and the same words found in the response.

/** @typedef {import("./scoring.mjs").Push} Push */
/** @typedef {{text: string, pull: number}} Part a part of a response; pull -1 to 1: down to up, 0 for none */

const LEAST = 0.2; // of the strongest pull: weaker ones are left unmarked, or everything would be
const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** How far a word pulled up the scale, or down where it is below 0. @param {Push} push @param {readonly string[]} scores */
export function pullOf(push, scores) {
  const middle = (scores.length - 1) / 2;
  return scores.reduce((total, score, place) => total + push.towards[score] * (place - middle), 0);
}

/**
 * The response in parts, each with how far it pulled, of the strongest.
 *
 * @param {string} text
 * @param {readonly Push[]} pushes
 * @param {readonly string[]} scores
 * @returns {Part[]}
 */
export function markedParts(text, pushes, scores) {
  /** @type {Map<string, number>} */
  const pulls = new Map();
  for (const push of pushes) {
    const words = push.word.match(WORD) ?? [];
    for (const word of words) {
      const share = pullOf(push, scores) / push.times / words.length;
      pulls.set(plainWord(word), (pulls.get(plainWord(word)) ?? 0) + share);
    }
  }
  const strongest = Math.max(...[...pulls.values()].map(Math.abs), Number.MIN_VALUE);
  /** @type {Part[]} */
  const parts = [];
  let from = 0;
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const pull = (pulls.get(plainWord(word)) ?? 0) / strongest;
    if (Math.abs(pull) < LEAST) continue;
    if (index > from) parts.push({ text: text.slice(from, index), pull: 0 });
    parts.push({ text: word, pull });
    from = index + word.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), pull: 0 });
  return parts;
}

/** @param {string} word */
function plainWord(word) {
  return word.normalize("NFKC").toLowerCase();
}

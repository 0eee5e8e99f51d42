// What people decided: a score of theirs and a note for a response, by its row.

/**
 * @typedef {object} Decision
 * @property {string} score the person's score; "" where there is only a note
 * @property {string} note
 */
/** By the row's number in the table. @typedef {ReadonlyMap<number, Decision>} Decisions */

const NONE = Object.freeze({ score: "", note: "" });

/** The decisions on a table. */
export class Review {
  /** @type {Map<number, Decision>} */
  #decisions;
  #changed;

  /** @param {Iterable<[number, Decision]>} decisions @param {(review: Review) => void} changed called after each change */
  constructor(decisions, changed) {
    this.#decisions = new Map(decisions);
    this.#changed = changed;
  }

  /** @returns {Decisions} */
  get decisions() {
    return this.#decisions;
  }

  /** @param {number} at @returns {Decision} */
  of(at) {
    return this.#decisions.get(at) ?? NONE;
  }

  /** Confirms or overrules; "" takes a decision back. @param {number} at @param {string} score */
  decide(at, score) {
    this.#set(at, { ...this.of(at), score });
  }

  /** @param {number} at @param {string} note */
  note(at, note) {
    if (note !== this.of(at).note) this.#set(at, { ...this.of(at), note });
  }

  /** How many have a person's score. */
  get scored() {
    let scored = 0;
    for (const { score } of this.#decisions.values()) if (score) scored += 1;
    return scored;
  }

  /** @param {number} at @param {Decision} decision */
  #set(at, decision) {
    if (decision.score || decision.note) this.#decisions.set(at, decision);
    else this.#decisions.delete(at);
    this.#changed(this);
  }
}

/**
 * The score that a key stands for: its digit, or its place from 1 where scores are not single digits.
 *
 * @param {string} key
 * @param {readonly string[]} scores
 * @returns {string | undefined}
 */
export function scoreOfKey(key, scores) {
  if (!/^[0-9]$/.test(key)) return undefined;
  return scores.find((score, place) => keyOfScore(score, place, scores) === key);
}

/**
 * The key that stands for a score; "" where there are more scores than keys.
 *
 * @param {string} score
 * @param {number} place
 * @param {readonly string[]} scores
 */
export function keyOfScore(score, place, scores) {
  if (scores.every((one) => /^[0-9]$/.test(one))) return score;
  return place < 9 ? String(place + 1) : "";
}

/**
 * The next response without a person's score, after a place and then from the start; -1 for none.
 *
 * @param {ArrayLike<number>} order row numbers
 * @param {number} from a place in it
 * @param {Decisions} decisions
 */
export function nextOpen(order, from, decisions) {
  for (let step = 1; step <= order.length; step++) {
    const place = (from + step) % order.length;
    if (!decisions.get(order[place])?.score) return place;
  }
  return -1;
}

// How well the small model agrees with people: exact, adjacent and QWK, as `kd-edge score` counts them.

/**
 * @typedef {object} Agreement
 * @property {number} responses how many have both scores
 * @property {number} exact share of equal scores, 0 to 1
 * @property {number | null} adjacent share of equal or neighbouring scores; null where scores are words
 * @property {number} qwk quadratic weighted kappa, at most 1; 0 where both give one and the same score
 */

const PLAIN_NUMBER = /^(?:0|-?[1-9][0-9]*|-?(?:0|[1-9][0-9]*)\.[0-9]*[1-9])$/;

/** Whether scores are numbers, so that neighbours mean something. @param {readonly string[]} scores */
export function areNumbers(scores) {
  return scores.length > 0 && scores.every((score) => PLAIN_NUMBER.test(score));
}

/** Counts which score of people's met which of the small model's. */
export class Tally {
  /** @param {number} scores how many there are */
  constructor(scores) {
    /** By people's score, then by the small model's. @type {number[][]} */
    this.counts = Array.from({ length: scores }, () => Array(scores).fill(0));
  }

  /** @param {number} person @param {number} model places of scores @param {number} [times] */
  add(person, model, times = 1) {
    this.counts[person][model] += times;
  }

  /**
   * @param {readonly number[]} values what each score is worth
   * @param {boolean} isNumeric
   * @returns {Agreement | null} null where nothing was counted
   */
  agreement(values, isNumeric) {
    const { counts } = this;
    const given = counts.map(sum);
    const found = counts.map((_, place) => sum(counts.map((row) => row[place])));
    const responses = sum(given);
    if (!responses) return null;
    let [equal, near, apart, chance] = [0, 0, 0, 0];
    for (const [person, row] of counts.entries()) {
      for (const [model, times] of row.entries()) {
        const squared = (values[person] - values[model]) ** 2;
        if (person === model) equal += times;
        if (Math.abs(person - model) <= 1) near += times;
        apart += times * squared;
        chance += given[person] * found[model] * squared;
      }
    }
    return {
      responses,
      exact: equal / responses,
      adjacent: isNumeric ? near / responses : null,
      qwk: chance ? 1 - (apart * responses) / chance : 0,
    };
  }
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, one) => total + one, 0);
}

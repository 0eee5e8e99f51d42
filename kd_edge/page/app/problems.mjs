// What is wrong with a table or a file: a key, of which strings/engine_*.mjs have the sentence.

/**
 * @typedef {Record<string, string | number>} Values
 *
 * @typedef {object} Problem what is wrong with a row, or with another part of a table
 * @property {number} row as a spreadsheet counts; 0 where it is none
 * @property {string} key
 * @property {Values} values for the places in the sentence
 */

/** Ends a work: the message is the key, and the screen has the sentence. */
export class PageError extends Error {
  /** @param {string} key @param {Values} [values] */
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

// What the figures show of a scored table, counted while its rows come in.
import { areNumbers, Tally } from "./agreement.mjs";

/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./scoring.mjs").Row} Row */

/** The counts of one item. */
export class ItemCounts {
  /** @param {ItemInfo} item */
  constructor(item) {
    this.item = item;
    const none = () => item.scores.map(() => 0);
    /** By the small model's score, of those without and with a flag. */
    this.plain = none();
    this.withFlag = none();
    /** By people's score. */
    this.people = none();
    this.tally = new Tally(item.scores.length);
    /** @type {Map<string, number>} */
    this.places = new Map(item.scores.map((score, place) => [score, place]));
  }

  /** @param {Row} row */
  add(row) {
    const place = /** @type {number} */ (this.places.get(row.score));
    (row.flags.length ? this.withFlag : this.plain)[place] += 1;
    if (row.humanClass < 0) return;
    this.people[row.humanClass] += 1;
    this.tally.add(row.humanClass, place);
  }

  /** With people's scores in the table; null where it has none. */
  get agreement() {
    return this.tally.agreement(this.item.values, areNumbers(this.item.scores));
  }
}

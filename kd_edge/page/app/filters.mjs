// Which rows of a scored table are shown, and in what order.

/** @typedef {import("./review.mjs").Decisions} Decisions */
/** @typedef {import("./scoring.mjs").Row & {differs: boolean}} ShownRow with whether people gave another score */

/**
 * What a person wants to see.
 *
 * @typedef {object} Choice
 * @property {string} show one of SHOWN
 * @property {string} order one of ORDERS
 * @property {string} score "" for every score
 * @property {string} item "" for every item
 * @property {string} words "" for every response
 */

export const SHOWN = ["all", "open", "flagged", "reviewed", "differs"];
export const ORDERS = ["flagged", "unsure", "table"];

const SURE_STEPS = 1000;

/**
 * The places of the rows to show, in order.
 *
 * @param {readonly ShownRow[]} rows
 * @param {Decisions} decisions
 * @param {Choice} choice
 * @returns {Uint32Array<ArrayBuffer>}
 */
export function chosenRows(rows, decisions, choice) {
  const words = choice.words.trim().toLowerCase();
  const found = [];
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place];
    if (choice.score && row.score !== choice.score) continue;
    if (choice.item && row.item !== choice.item) continue;
    if (!isShown(row, choice, decisions)) continue;
    if (words && !row.text.toLowerCase().includes(words) && row.id.toLowerCase() !== words) continue;
    found.push(place);
  }
  return inOrder(found, rows, choice.order);
}

/** @param {ShownRow} row @param {Choice} choice @param {Decisions} decisions */
function isShown(row, { show }, decisions) {
  const isReviewed = Boolean(decisions.get(row.at)?.score);
  if (show === "flagged") return row.flags.length > 0;
  if (show === "open") return row.flags.length > 0 && !isReviewed;
  if (show === "reviewed") return isReviewed;
  if (show === "differs") return row.differs;
  return true;
}

/**
 * A counting sort, as fast for a hundred thousand rows as it must be between two frames.
 *
 * @param {number[]} places @param {readonly ShownRow[]} rows @param {string} order
 */
function inOrder(places, rows, order) {
  if (order === "table") return Uint32Array.from(places);
  /** @param {number} place */
  const rank = (place) => {
    if (order === "flagged" && rows[place].flags.length) return 0;
    return order === "flagged" ? 1 : Math.round(rows[place].confidence * SURE_STEPS);
  };
  const starts = new Uint32Array(SURE_STEPS + 2);
  for (const place of places) starts[rank(place) + 1] += 1;
  for (let step = 1; step < starts.length; step++) starts[step] += starts[step - 1];
  const ordered = new Uint32Array(places.length);
  for (const place of places) ordered[starts[rank(place)]++] = place;
  return ordered;
}

// Which rows of a scored table are shown, and in what order.

/** @typedef {import("./review.mjs").Decisions} Decisions */
/**
 * A row with whether people gave another score, and its text for the search.
 *
 * @typedef {import("./scoring.mjs").Row & {differs: boolean, lower: string}} ShownRow
 */

/**
 * What a person wants to see.
 *
 * @typedef {object} Choice
 * @property {string} show one of SHOWN
 * @property {string} score "" for every score
 * @property {string} item "" for every item
 * @property {string} words "" for every response
 */

export const SHOWN = ["all", "open", "flagged", "reviewed", "differs"];
export const ORDERS = ["flagged", "unsure", "table"];

const SURE_STEPS = 1000;

/**
 * The places of the rows to show, as in the table.
 *
 * @param {readonly ShownRow[]} rows
 * @param {Decisions} decisions
 * @param {Choice} choice
 * @returns {Uint32Array<ArrayBuffer>}
 */
export function chosenRows(rows, decisions, choice) {
  const words = choice.words.trim().toLowerCase();
  const found = new Uint32Array(rows.length);
  let count = 0;
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place];
    if (choice.score && row.score !== choice.score) continue;
    if (choice.item && row.item !== choice.item) continue;
    if (!isShown(row, choice, decisions)) continue;
    if (words && !row.lower.includes(words) && row.id.toLowerCase() !== words) continue;
    found[count++] = place;
  }
  return found.slice(0, count);
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
 * The places in another order: a counting sort, as fast for a hundred thousand rows as it must be between two frames.
 *
 * @param {Uint32Array<ArrayBuffer>} places
 * @param {readonly ShownRow[]} rows
 * @param {string} order one of ORDERS
 */
export function inOrder(places, rows, order) {
  if (order === "table") return places;
  const isByFlag = order === "flagged";
  const ranks = new Uint16Array(places.length);
  const starts = new Uint32Array(SURE_STEPS + 2);
  for (let at = 0; at < places.length; at++) {
    const { flags, confidence } = rows[places[at]];
    ranks[at] = isByFlag ? Number(!flags.length) : Math.round(confidence * SURE_STEPS);
    starts[ranks[at] + 1] += 1;
  }
  for (let step = 1; step < starts.length; step++) starts[step] += starts[step - 1];
  const ordered = new Uint32Array(places.length);
  for (let at = 0; at < places.length; at++) ordered[starts[ranks[at]]++] = places[at];
  return ordered;
}

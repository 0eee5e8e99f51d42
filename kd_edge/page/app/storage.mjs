// Keeps decisions over a reload: in the browser, by the hashes of bundles and table, or in a file.
// No response is kept, only row numbers with a person's score and note.

/** @typedef {import("./review.mjs").Decision} Decision */

/**
 * What is kept of a table.
 *
 * @typedef {object} Kept
 * @property {string} bundles the hashes of the page's bundles
 * @property {string} table the table's hash
 * @property {string} name the table's file name
 * @property {number} rows how many it has
 * @property {[number, Decision][]} decisions
 */

/** @typedef {Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">} Store */

const BLOCK = 1 << 20;
const PREFIX = "kd-edge:";
const FORMAT = "kd-edge-review";
const MOST_NOTE = 10_000;

/** Decisions in a browser's storage, which may be full or forbidden: then nothing is kept, and `works` says so. */
export class Keeper {
  /** @type {Store | null} */
  #store = null;
  works = true;

  /** @param {() => Store} store */
  constructor(store) {
    this.#try(() => (this.#store = store()));
  }

  /** @param {Kept} kept */
  keep(kept) {
    this.#try(() => {
      const key = keyOf(kept.bundles, kept.table);
      if (kept.decisions.length) this.#store?.setItem(key, writeReview(kept));
      else this.#store?.removeItem(key);
    });
  }

  /** @param {string} bundles @param {string} table @returns {Kept | null} */
  find(bundles, table) {
    return this.all(bundles).find((kept) => kept.table === table) ?? null;
  }

  /** All that is kept for these bundles. @param {string} bundles @returns {Kept[]} */
  all(bundles) {
    const found = this.#keys().map((key) => readReview(this.#store?.getItem(key) ?? ""));
    return found.filter((kept) => kept !== null).filter((kept) => kept.bundles === bundles);
  }

  /** How many tables of any page are kept. */
  get tables() {
    return this.#keys().length;
  }

  /** Deletes all that any of these pages kept in this browser. */
  deleteAll() {
    for (const key of this.#keys()) this.#try(() => this.#store?.removeItem(key));
  }

  #keys() {
    /** @type {string[]} */
    const keys = [];
    this.#try(() => {
      for (let at = 0; at < (this.#store?.length ?? 0); at++) {
        const key = this.#store?.key(at);
        if (key?.startsWith(PREFIX)) keys.push(key);
      }
    });
    return keys;
  }

  /** @param {() => void} step */
  #try(step) {
    try {
      step();
      this.works = this.#store !== null;
    } catch {
      this.works = false;
    }
  }
}

/** @param {Kept} kept */
export function writeReview(kept) {
  return JSON.stringify({ format: FORMAT, version: 1, ...kept });
}

/**
 * Reads what `writeReview` wrote, from wherever it comes; null where it is something else.
 *
 * @param {string} text
 * @returns {Kept | null}
 */
export function readReview(text) {
  /** @type {any} */
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  const { format, version, bundles, table, name, rows, decisions } = found ?? {};
  if (format !== FORMAT || version !== 1 || !Array.isArray(decisions)) return null;
  if (![bundles, table, name].every((one) => typeof one === "string") || !Number.isInteger(rows)) return null;
  return decisions.every(isDecision) ? { bundles, table, name, rows, decisions } : null;
}

/**
 * SHA-256 of a file, in hexadecimal digits; of a large one that of its blocks' hashes, so that no task is long.
 *
 * @param {Blob} file
 */
export async function hashOf(file) {
  /** @param {Blob} part */
  const hashed = async (part) => crypto.subtle.digest("SHA-256", await part.arrayBuffer());
  const blocks = [];
  for (let at = 0; at === 0 || at < file.size; at += BLOCK) blocks.push(await hashed(file.slice(at, at + BLOCK)));
  const digest = blocks.length === 1 ? blocks[0] : await hashed(new Blob(blocks));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} bundles @param {string} table */
function keyOf(bundles, table) {
  return `${PREFIX}${bundles}:${table}`;
}

/** @param {any} found */
function isDecision(found) {
  if (!Array.isArray(found) || found.length !== 2 || !Number.isInteger(found[0])) return false;
  const { score, note } = found[1] ?? {};
  return typeof score === "string" && typeof note === "string" && note.length <= MOST_NOTE;
}

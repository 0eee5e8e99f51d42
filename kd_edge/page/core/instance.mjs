// One instance of the core in WebAssembly: members, items, and texts in its memory.
import { KdEdgeError } from "./errors.mjs";

const CHUNK = 1 << 16;
// Longer texts are measured before room is asked for.
const SHORT = 4096;
const RESULTS = 6;

/**
 * What kd_wasm.c exports; addresses are numbers.
 *
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {() => void} start
 * @property {(bytes: number) => number} reserve
 * @property {(item: number, bytes: number) => number} room
 * @property {(numbers: number, vectorizer: number, vectorizerBytes: number, weights: number, weightsBytes: number, shared: number) => number} open
 * @property {(item: number) => number} results
 * @property {(item: number, bytes: number) => number} score
 * @property {(item: number, bytes: number) => number} explain
 * @property {(rules: number, bytes: number) => number} words
 * @property {(error: number) => number} message
 * @property {() => void} hash_begin
 * @property {(bytes: number) => void} hash_add
 * @property {() => number} hash_end
 *
 * @typedef {object} Placed bytes in memory that stay
 * @property {number} at
 * @property {number} bytes
 */

export class CoreInstance {
  /** @type {Exports} */
  #core;
  /** @type {Uint8Array} */
  #bytes = new Uint8Array();
  /** @type {Float64Array} */
  #doubles = new Float64Array();
  #encoder = new TextEncoder();
  #decoder = new TextDecoder();
  /** @type {(words: number, first: string, second: string, known: boolean) => void} */
  #onPush = () => {};
  /** @type {(piece: string, last: boolean) => void} */
  #onPiece = () => {};

  /** @param {Exports} core */
  constructor(core) {
    this.#core = core;
  }

  /** @param {WebAssembly.Module} module */
  static async of(module) {
    /** @type {CoreInstance} */
    let made;
    const js = {
      /** @type {(words: number, first: number, firstBytes: number, second: number, secondBytes: number, known: number) => void} */
      push: (words, first, firstBytes, second, secondBytes, known) =>
        made.#onPush(words, made.#string(first, firstBytes), made.#string(second, secondBytes), known !== 0),
      /** @type {(piece: number, bytes: number, last: number) => void} */
      piece: (piece, bytes, last) => made.#onPiece(made.#string(piece, bytes), last !== 0),
    };
    const instance = await WebAssembly.instantiate(module, { js });
    made = new CoreInstance(/** @type {Exports} */ (/** @type {unknown} */ (instance.exports)));
    made.#core.start();
    return made;
  }

  /** Views of the memory, which is another one after it has grown. */
  #look() {
    const { buffer } = this.#core.memory;
    if (this.#bytes.buffer !== buffer) {
      this.#bytes = new Uint8Array(buffer);
      this.#doubles = new Float64Array(buffer);
    }
    return this.#bytes;
  }

  /** @param {number} at @param {number} bytes */
  #string(at, bytes) {
    return this.#decoder.decode(this.#look().subarray(at, at + bytes));
  }

  /** @param {number} error */
  #refuse(error) {
    const at = this.#core.message(error);
    const end = this.#look().indexOf(0, at);
    return new KdEdgeError(`${this.#string(at, end - at)}: copy the bundle again, or close other pages.`);
  }

  /** @param {number} at */
  #got(at) {
    if (!at) throw new KdEdgeError("There is not enough memory: close other pages, or use a device with more.");
    return at;
  }

  /** @param {Uint8Array} data @returns {Placed} */
  place(data) {
    const at = this.#got(this.#core.reserve(data.length));
    this.#look().set(data, at);
    return { at, bytes: data.length };
  }

  /** SHA-256, in hexadecimal digits. @param {Uint8Array} data */
  sha256(data) {
    this.#core.hash_begin();
    for (let from = 0; from < data.length; from += CHUNK) {
      const part = data.subarray(from, from + CHUNK);
      const at = this.#room(0, part.length);
      this.#bytes.set(part, at);
      this.#core.hash_add(part.length);
    }
    const at = this.#core.hash_end();
    const digest = this.#look().subarray(at, at + 32);
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** @param {number} item @param {number} bytes */
  #room(item, bytes) {
    const at = this.#got(this.#core.room(item, bytes));
    this.#look();
    return at;
  }

  /**
   * Writes a text where the core reads it; returns how many bytes it is.
   *
   * @param {number} item
   * @param {string} text
   */
  #write(item, text) {
    let most = 3 * text.length;
    if (text.length > SHORT) {
      most = text.length;
      for (let k = 0; k < text.length; k++) {
        const unit = text.charCodeAt(k);
        if (unit > 0x7f) most += unit > 0x7ff ? 2 : 1;
      }
    }
    const at = this.#room(item, most);
    return this.#encoder.encodeInto(text, this.#bytes.subarray(at, at + most)).written;
  }

  /**
   * Opens an item.
   *
   * @param {number[]} numbers see kd_wasm.c
   * @param {Placed} vectorizer
   * @param {Placed} weights
   * @param {number} shared an item with the same network, or 0
   */
  open(numbers, vectorizer, weights, shared) {
    const { at } = this.place(new Uint8Array(Float64Array.from(numbers).buffer));
    const { open } = this.#core;
    const item = open(at, vectorizer.at, vectorizer.bytes, weights.at, weights.bytes, shared);
    if (item < 0) throw this.#refuse(item);
    return item;
  }

  /** @param {number} item */
  results(item) {
    return this.#core.results(item) / 8;
  }

  /**
   * Scores a text: returns the place of its class, the flag's number, expected score, confidence and
   * probabilities.
   *
   * @param {number} item
   * @param {number} results of the item
   * @param {number} classes
   * @param {string} text
   */
  score(item, results, classes, text) {
    const error = this.#core.score(item, this.#write(item, text));
    if (error) throw this.#refuse(error);
    const found = this.#doubles;
    const probabilities = [];
    const from = results + RESULTS;
    for (let k = from; k < from + classes; k++) probabilities.push(found[k]);
    return {
      place: found[results],
      flag: found[results + 1],
      expected: found[results + 4],
      confidence: found[results + 5],
      probabilities,
    };
  }

  /**
   * Explains a text: calls `each` with how many words a push is of, the words, whether they are known, and
   * what they added to the logits.
   *
   * @param {number} item
   * @param {number} results of the item
   * @param {number} classes
   * @param {string} text
   * @param {(words: number, first: string, second: string, known: boolean, pushes: number[]) => void} each
   */
  explain(item, results, classes, text, each) {
    const from = results + RESULTS;
    this.#onPush = (words, first, second, known) =>
      each(words, first, second, known, Array.from(this.#doubles.subarray(from, from + classes)));
    const error = this.#core.explain(item, this.#write(item, text));
    if (error) throw this.#refuse(error);
  }

  /** The words of a text. @param {string} text @param {number} rules */
  words(text, rules) {
    /** @type {string[]} */
    const found = [];
    let begun = "";
    this.#onPiece = (piece, last) => {
      begun += piece;
      if (!last) return;
      found.push(begun);
      begun = "";
    };
    const error = this.#core.words(rules, this.#write(0, text));
    if (error) throw new KdEdgeError(`There are no text rules ${rules} in this kd_edge.mjs: it has 1 and 2.`);
    return found;
  }
}

// An item of a bundle: whether it can be scored here, and how the core scores and explains.
import { KdEdgeError } from "./errors.mjs";
import { plainText } from "./markup.mjs";

/** @typedef {import("./kd_edge.d.mts").Score} Score */
/** @typedef {import("./kd_edge.d.mts").Explanation} Explanation */
/** @typedef {import("./kd_edge.d.mts").Push} Push */
/** @typedef {import("./manifest.mjs").ItemEntry} ItemEntry */
/** @typedef {import("./instance.mjs").CoreInstance} Core */

export const FORM = "plain-int8";
const STUDENTS = ["bag", "pairs"];
const FLAGS = ["", "empty", "long", "prompt", "repeats", "unlike", "list", "review"];

// What the core keeps in 32 bits, and in floats.
const MOST = 2 ** 31 - 1;
const MOST_DIMENSIONS = 256;
// Runs of more letters than this are in no word.
const LONGEST_RUN = 43;

/** An item in the core. */
export class OpenItem {
  #core;
  #address;
  #entry;
  #results;
  #plain;

  /** @param {Core} core @param {number} address @param {ItemEntry} entry */
  constructor(core, address, entry) {
    this.#core = core;
    this.#address = address;
    this.#entry = entry;
    this.#results = core.results(address);
    this.#plain = entry.text.raw("markup") ? plainText : null;
  }

  /** @param {string} text @returns {Score} */
  score(text) {
    const { classes } = this.#entry;
    const plain = this.#plain ? this.#plain(text) : text;
    const { place, flag, ...found } = this.#core.score(this.#address, this.#results, classes.length, plain);
    return {
      predicted: classes[place],
      expected: found.expected,
      confidence: found.confidence,
      flag: /** @type {Score["flag"]} */ (FLAGS[flag]),
      probabilities: found.probabilities,
    };
  }

  /** @param {string} text @returns {Explanation} */
  explain(text) {
    const { id, student, classes } = this.#entry;
    if (student !== "bag") {
      throw new KdEdgeError(
        `Item '${id}': only small models of kind 'bag' can explain their scores; this one is of kind '${student}'.`,
      );
    }
    /** @type {number[]} */
    let start = [];
    /** @type {Map<string, Push>[]} */
    const found = [new Map(), new Map()];
    /** @type {Set<string>} */
    const unknown = new Set();
    const plain = this.#plain ? this.#plain(text) : text;
    this.#core.explain(this.#address, this.#results, classes.length, plain, (number, first, second, known, pushes) => {
      if (number === 0) {
        start = pushes;
      } else if (!known) {
        unknown.add(first);
      } else {
        const read = number === 1 ? [first] : [first, second];
        const key = read.join(" ");
        const before = found[number - 1].get(key);
        if (before) before.times++;
        const sums = before ? before.pushes.map((push, k) => push + pushes[k]) : pushes;
        const strength = Math.max(...sums) - Math.min(...sums);
        found[number - 1].set(key, { words: read, times: before ? before.times : 1, pushes: sums, strength });
      }
    });
    const pushes = found.flatMap((kind) => [...kind.values()]).sort((a, b) => b.strength - a.strength);
    return { start, pushes, unknown: [...unknown] };
  }
}

/** Why an item cannot be scored here; "" if it can. @param {ItemEntry} entry */
export function refusalOf(entry) {
  const { id, student, text } = entry;
  if (!STUDENTS.includes(student) || !entry.forms.has(FORM)) {
    return (
      `Item '${id}': a small model of kind '${student}' cannot be scored in a page; ` +
      "those of 'kd-edge run' with its default options can."
    );
  }
  const markup = text.has("markup") ? text.whole("markup") : 0;
  const rules = text.whole("rules") - (markup ? 100 : 0);
  const relation = student === "pairs" ? text.raw("relation") : 1;
  if (![0, 1].includes(markup) || ![1, 2].includes(rules) || relation !== 1) {
    return `Item '${id}' needs rules that this kd_edge.mjs does not know: use a newer one.`;
  }
  const numbers = numbersOf(entry);
  const sizes = text.wholes("sizes");
  if (sizes.length !== 3 || numbers.slice(2, 8).some((number) => number < 0)) {
    return `Item '${id}': a size in the manifest is not valid: copy the bundle again.`;
  }
  if (
    numbers.slice(2, 8).some((number) => number > MOST) ||
    text.whole("dimensions") > MOST_DIMENSIONS ||
    Math.abs(entry.flags.longest) > MOST
  ) {
    return `Item '${id}': a number is too large for a page.`;
  }
  if (entry.worth.some((one) => Math.abs(one) > Number.MAX_SAFE_INTEGER)) {
    return `Item '${id}': a value is too large for a page.`;
  }
  return "";
}

/** The numbers that describe an item to the core, in the order of kd_wasm.c. @param {ItemEntry} entry */
export function numbersOf(entry) {
  const { text, flags } = entry;
  const [words = 0, grams = 0, pairs = 0] = text.wholes("sizes");
  const [usual = 0, low = 0, high = 0] = flags.known;
  const codes = [...new Set(flags.prompt)].filter((code) => code >= 0 && code < 1 << 16).sort((a, b) => a - b);
  return [
    STUDENTS.indexOf(entry.student),
    text.whole("rules") - (text.raw("markup") ? 100 : 0),
    Math.min(text.whole("gram"), LONGEST_RUN),
    words,
    grams,
    pairs,
    text.whole("dimensions"),
    entry.classes.length,
    entry.decision === "nearest-expected" ? 1 : 0,
    flags.review,
    flags.distinct,
    flags.longest,
    flags.known.length ? 1 : 0,
    usual,
    low,
    high,
    codes.length,
    ...entry.worth,
    ...codes,
  ];
}

// What the screen asks of the scoring, which runs in a worker: see worker.mjs.
import { blockBytes, blockText } from "./blocks.mjs";
import { problemSentence } from "./problem_words.mjs";

/** @typedef {import("./problems.mjs").Problem} Problem */
/** @typedef {{key: string, values: import("./problems.mjs").Values, message: string}} Told */

/**
 * An item that the page scores.
 *
 * @typedef {object} ItemInfo
 * @property {string} id as tables name it; no two items of a page have the same
 * @property {string} title what to show
 * @property {string} prompt the question; "" where the page was made without
 * @property {string} rubric how it is marked; "" where the page was made without
 * @property {string} card the model card, Markdown
 * @property {string[]} scores the scores or class words, from the lowest to the highest
 * @property {number[]} values what each of them counts as in an expected score
 * @property {"most-probable" | "nearest-expected"} decision
 * @property {string} partOf what its score is a part of, "" if it stands for itself
 * @property {boolean} explains whether `pushes` are known for it
 * @property {string} hash SHA-256 of its bundle's file
 * @property {string | null} signed the keys that signed its bundle's file; null without any
 * @property {boolean} hasSecond whether the bundle has a second student, which the page does without
 *
 * @typedef {object} Page
 * @property {ItemInfo[]} items
 * @property {{name: string, hash: string, created: string}[]} bundles
 * @property {string} version of kd-edge
 *
 * @typedef {object} Push what a word, or two neighbours, added to the score's logit
 * @property {string} word as the text rules read it
 * @property {number} weight towards the score given; below 0: away from it
 * @property {number} times how often it occurs
 * @property {Record<string, number>} towards the same for every score; their mean is 0
 *
 * @typedef {object} OneScore
 * @property {string} score
 * @property {number} expected
 * @property {number} confidence
 * @property {Record<string, number>} probabilities by score; in the order of ItemInfo.scores for people
 * @property {Flag[]} flags none or one: why a person should look
 * @property {Push[]} pushes the strongest first; empty where ItemInfo.explains is false
 * @property {string[]} unknown the words that the student does not know
 *
 * @typedef {"empty" | "long" | "prompt" | "repeats" | "unlike" | "list" | "review"} Flag
 *
 * @typedef {object} Columns which columns of a table hold what; indices, from 0
 * @property {number | null} id the responses' ids; null for none
 * @property {number | null} item each response's item; null where all answer `itemId`
 * @property {number | null} text the responses; null is not scored: ask for it
 * @property {number | null} score people's scores; null for none
 * @property {string} [itemId] the item that all rows answer; not needed where the page has one only
 *
 * @typedef {object} Header
 * @property {string[]} columns the names
 * @property {Columns} guess by their usual names, as `kd-edge score` finds them
 * @property {string} delimiter
 * @property {string} encoding
 * @property {string} note how the encoding was found, or which rows above the names are left out; "" for nothing
 * @property {string[][]} sample the first rows, at most 20
 *
 * @typedef {object} Row a scored row of a table
 * @property {number} at its number, from 1 for the header as spreadsheets count
 * @property {string} id "" where there is no column of ids
 * @property {string} item
 * @property {string} text
 * @property {string} human the cell with a person's score; "" for none
 * @property {number} humanClass which of the item's scores that is; -1 for none of them
 * @property {string} score
 * @property {number} expected
 * @property {number} confidence
 * @property {number[]} probabilities in the order of the item's scores
 * @property {Flag[]} flags none or one
 *
 * @typedef {object} Progress
 * @property {number} done bytes read
 * @property {number} of bytes of the file
 * @property {number} rows scored so far
 * @property {number | null} secondsLeft null where it is not known yet
 *
 * @typedef {object} TableWork
 * @property {(rows: Row[]) => void} onRows at most 500 at once, in order
 * @property {(progress: Progress) => void} [onProgress]
 * @property {AbortSignal} [signal] cancels: the promise is then rejected with its reason
 *
 * @typedef {object} TableScored
 * @property {number} rows how many were scored
 * @property {number} seconds
 * @property {number} bad how many rows could not be scored, and were left out
 * @property {{row: number, sentence: string}[]} problems why not; the first 200 of them
 *
 * @typedef {object} PersonScore what a person says of a row
 * @property {string} score
 * @property {string} note
 */

/** @type {Worker} */
let worker;
/** @type {Map<number, {resolve: (value: any) => void, reject: (error: unknown) => void, onEvent?: (event: any) => void}>} */
const waiting = new Map();
let asked = 0;

/**
 * Asks the worker.
 *
 * @param {string} what
 * @param {Record<string, unknown>} values
 * @param {(event: any) => void} [onEvent]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
function ask(what, values, onEvent, signal) {
  const number = ++asked;
  return new Promise((resolve, reject) => {
    waiting.set(number, { resolve, reject, onEvent });
    worker.postMessage({ number, what, values });
    signal?.addEventListener("abort", () => {
      // The rest of what the worker says of it is for nobody.
      if (!waiting.delete(number)) return;
      worker.postMessage({ number, what: "cancel", values: {} });
      reject(signal.reason);
    });
  });
}

/** @param {{number: number, event?: unknown, error?: Told, result?: unknown}} message */
function answered({ number, event, error, result }) {
  const asker = waiting.get(number);
  if (!asker) return;
  if (event !== undefined) {
    asker.onEvent?.(event);
    return;
  }
  waiting.delete(number);
  if (error === undefined) asker.resolve(result);
  else asker.reject(new Error(error.message || problemSentence(error.key, error.values)));
}

/**
 * Starts the scoring: reads the bundles in the page, and checks their hashes.
 *
 * @returns {Promise<Page>}
 * @throws Error with a sentence, if the page is damaged or the browser too old
 */
export async function openPage() {
  const source = /** @type {{kdEdgeWorker?: string}} */ (globalThis).kdEdgeWorker;
  const url = URL.createObjectURL(new Blob([source ?? ""], { type: "text/javascript" }));
  worker = new Worker(url);
  worker.addEventListener("message", (message) => answered(message.data));
  worker.addEventListener("error", (event) => {
    const sentence = problemSentence("ask", { why: event.message ?? "Worker" });
    for (const { reject } of waiting.values()) reject(new Error(sentence));
    waiting.clear();
  });
  const facts = blockText("kd-bundles");
  const packed = JSON.parse(facts).bundles.map((/** @type {unknown} */ _, /** @type {number} */ at) => blockText(`kd-bundle-${at}`));
  const { kdEdgeWasm } = /** @type {{kdEdgeWasm?: Promise<ArrayBuffer>}} */ (globalThis);
  return ask("open", { facts, packed, wasm: await (kdEdgeWasm ?? blockBytes("kd-wasm")) });
}

/**
 * Scores one response.
 *
 * @param {string} itemId
 * @param {string} text
 * @returns {Promise<OneScore>}
 */
export function scoreOne(itemId, text) {
  return ask("scoreOne", { itemId, text });
}

/**
 * Reads a table's header and its first rows, and guesses its columns.
 *
 * @param {Blob} file
 * @returns {Promise<Header>}
 * @throws Error with a sentence: what is wrong, where, what to do
 */
export async function readHeader(file) {
  const { notes, ...header } = await ask("readHeader", { file });
  return { ...header, note: notes.map(sentenceOf).join(" ") };
}

/** @param {Problem} problem */
const sentenceOf = ({ key, values, row }) => problemSentence(key, { row, ...values });

/**
 * Scores a table in a stream. Rows that cannot be scored are left out, as `--on-bad-row skip` does.
 *
 * @param {Blob} file
 * @param {Columns} columns
 * @param {TableWork} work
 * @returns {Promise<TableScored>}
 * @throws Error with a sentence, if the table cannot be read to its end
 */
export async function scoreTable(file, columns, { onRows, onProgress, signal }) {
  /** @param {{rows?: Row[], progress?: Progress}} event */
  const onEvent = ({ rows, progress }) => {
    if (rows) onRows(rows);
    if (progress) onProgress?.(progress);
  };
  const { problems, ...scored } = await ask("scoreTable", { file, columns }, onEvent, signal);
  /** @param {Problem} problem */
  const shown = (problem) => ({ row: problem.row, sentence: sentenceOf(problem) });
  return { ...scored, problems: problems.map(shown) };
}

/**
 * Writes the scored table: that of the file, with the columns of `kd-edge score`, `person_score` and `person_note`.
 * Where the file has a column of such a name already, all of them get a prefix, m_. What a spreadsheet would run as a
 * formula has an apostrophe before it. Rows that cannot be scored are left out.
 *
 * @param {Blob} file
 * @param {Columns} columns
 * @param {Map<number, PersonScore>} people by Row.at
 * @param {AbortSignal} [signal]
 * @param {(progress: Progress) => void} [onProgress]
 * @returns {Promise<Blob>}
 */
export function saveTable(file, columns, people, signal, onProgress) {
  return ask("saveTable", { file, columns, people }, ({ progress }) => onProgress?.(progress), signal);
}

// The scoring, in a worker of its own: answers what scoring.mjs asks.
import { CoreInstance } from "../core/instance.mjs";
import { init, KdEdgeError, open } from "../core/kd_edge.mjs";
import { PageError } from "./problems.mjs";
import { bytesOf } from "./seven_bits.mjs";
import { readTableHeader, saveScoredTable, scoreTableRows } from "./table_work.mjs";
import { useNames } from "./usual_names.mjs";

/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./scoring.mjs").OneScore} OneScore */

/**
 * A bundle as the exporter puts it into the page.
 *
 * @typedef {object} PagedBundle
 * @property {string} name
 * @property {string} hash SHA-256 of the file that it was made from
 * @property {string | null} signed the keys that signed that file
 * @property {string[]} seconds items with a second student
 * @property {Record<string, {prompt: string, rubric: string}>} texts by item
 * @property {string} bytesHash SHA-256 of what the page has of it
 */

const { kdEdgeNames } = /** @type {{kdEdgeNames?: import("./usual_names.mjs").UsualNames}} */ (globalThis);
if (kdEdgeNames) useNames(kdEdgeNames);

/** @type {import("./table_work.mjs").OpenItems} */
const opened = new Map();

/** @param {{facts: string, packed: string[], wasm: ArrayBuffer}} values `packed` are the bundles */
async function openBundles({ facts, packed, wasm }) {
  const module = await WebAssembly.compile(wasm);
  await init(module);
  const core = await CoreInstance.of(module);
  /** @type {{version: string, bundles: PagedBundle[]}} */
  const { version, bundles } = JSON.parse(facts);
  /** @type {ItemInfo[]} */
  const items = [];
  const shown = [];
  for (const [at, { name, hash, signed, seconds, texts, bytesHash }] of bundles.entries()) {
    const bytes = bytesOf(packed[at]);
    if (core.sha256(bytes) !== bytesHash) {
      throw new PageError("bundleHash", { name });
    }
    const bundle = await open(bytes);
    const card = new TextDecoder().decode(await bundle.read(bundle.card));
    shown.push({ name, hash, created: bundle.created });
    for (const item of bundle.items) {
      opened.set(item.id, { bundle, item });
      items.push({
        id: item.id,
        title: item.id,
        prompt: texts[item.id]?.prompt ?? "",
        rubric: texts[item.id]?.rubric ?? "",
        card,
        scores: [...item.classes],
        values: [...item.values],
        decision: item.decision,
        partOf: item.partOf,
        explains: item.student === "bag",
        hash,
        signed,
        hasSecond: seconds.includes(item.id),
      });
    }
  }
  return { items, bundles: shown, version };
}

/** @param {{itemId: string, text: string}} values @returns {OneScore} */
function scoreOneText({ itemId, text }) {
  const found = opened.get(itemId);
  if (!found) throw new PageError("noItem", { item: itemId });
  const { bundle, item } = found;
  const { predicted, expected, confidence, flag, probabilities } = bundle.score(text, itemId);
  const explained = item.student === "bag" ? bundle.explain(text, itemId) : { pushes: [], unknown: [] };
  const place = item.classes.indexOf(predicted);
  /** @param {readonly number[]} values */
  const byScore = (values) => Object.fromEntries(item.classes.map((name, at) => [name, values[at]]));
  return {
    score: predicted,
    expected,
    confidence,
    probabilities: byScore(probabilities),
    flags: flag ? [flag] : [],
    pushes: explained.pushes.map(({ words, times, pushes }) => ({
      word: words.join(" "),
      weight: pushes[place],
      times,
      towards: byScore(pushes),
    })),
    unknown: [...explained.unknown],
  };
}

/** @type {Record<string, (values: any, number: number) => unknown>} */
const answers = {
  open: openBundles,
  scoreOne: scoreOneText,
  readHeader: (values) => readTableHeader(values, opened.size),
  scoreTable: (values, number) => scoreTableRows(opened, values, workOf(number)),
  saveTable: (values, number) => saveScoredTable(opened, values, workOf(number)),
};

/** The works that go on, and whether they are to end. @type {Map<number, {cancelled: boolean}>} */
const works = new Map();

/** @param {number} number @returns {import("./table_work.mjs").Work} */
function workOf(number) {
  const state = { cancelled: false };
  works.set(number, state);
  return {
    isCancelled: () => state.cancelled,
    tell: (event) => postMessage({ number, event }),
  };
}

addEventListener("message", async ({ data: { number, what, values } }) => {
  if (what === "cancel") {
    const state = works.get(number);
    if (state) state.cancelled = true;
    return;
  }
  try {
    postMessage({ number, result: await answers[what](values, number) });
  } catch (error) {
    postMessage({ number, error: toldOf(error) });
  }
  works.delete(number);
});

/** @param {unknown} error */
function toldOf(error) {
  if (error instanceof PageError) return { key: error.key, values: error.values, message: "" };
  if (error instanceof KdEdgeError) return { key: "", values: {}, message: error.message };
  // A file that was changed or taken away since it was chosen.
  if (error instanceof DOMException) return { key: "fileGone", values: {}, message: "" };
  return { key: "", values: {}, message: String(error) };
}

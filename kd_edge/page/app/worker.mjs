// The scoring, in a worker of its own: answers what scoring.mjs asks.
import { CoreInstance } from "../core/instance.mjs";
import { init, open } from "../core/kd_edge.mjs";

/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./scoring.mjs").OneScore} OneScore */
/** @typedef {import("../core/kd_edge.mjs").Bundle} Bundle */
/** @typedef {import("../core/kd_edge.mjs").Item} Item */

/**
 * A bundle as the exporter puts it into the page.
 *
 * @typedef {object} PagedBundle
 * @property {string} name
 * @property {string} hash SHA-256 of the file that it was made from
 * @property {string[]} seconds items with a second student
 * @property {Record<string, {prompt: string, rubric: string}>} texts by item
 * @property {string} bytesHash SHA-256 of the bytes
 * @property {string} bytes in base64
 */

/** The item's bundle and what it says of it. @type {Map<string, {bundle: Bundle, item: Item}>} */
const opened = new Map();

/** @param {{facts: string, wasm: ArrayBuffer}} values */
async function openBundles({ facts, wasm }) {
  const module = await WebAssembly.compile(wasm);
  await init(module);
  const core = await CoreInstance.of(module);
  /** @type {{version: string, bundles: PagedBundle[]}} */
  const { version, bundles } = JSON.parse(facts);
  /** @type {ItemInfo[]} */
  const items = [];
  const shown = [];
  for (const { name, hash, seconds, texts, bytesHash, bytes: packed } of bundles) {
    const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
    if (core.sha256(bytes) !== bytesHash) {
      throw new Error(`${name} in this page does not have its hash: the file is damaged, copy it again.`);
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
        signed: null,
        hasSecond: seconds.includes(item.id),
      });
    }
  }
  return { items, bundles: shown, version };
}

/** @param {{itemId: string, text: string}} values @returns {OneScore} */
function scoreOneText({ itemId, text }) {
  const found = opened.get(itemId);
  if (!found) throw new Error(`There is no item '${itemId}' in this page.`);
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
    unknown: explained.unknown,
  };
}

/** @type {Record<string, (values: any) => unknown>} */
const answers = { open: openBundles, scoreOne: scoreOneText };

addEventListener("message", async ({ data: { number, what, values } }) => {
  try {
    const answer = answers[what];
    if (!answer) throw new Error(`This page cannot do '${what}' yet.`);
    postMessage({ number, result: await answer(values) });
  } catch (error) {
    postMessage({ number, error: error instanceof Error ? error.message : String(error) });
  }
});

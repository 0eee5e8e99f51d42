// Scores responses with a kd-edge bundle, in a web page or in Node: see kd_edge.d.mts.
import { KdEdgeError } from "./errors.mjs";
import { CoreInstance } from "./instance.mjs";
import { FORM, numbersOf, OpenItem, refusalOf } from "./items.mjs";
import { readManifest } from "./manifest.mjs";
import { damaged, otherSize, unzipped, zipEntries } from "./zip.mjs";

export { KdEdgeError };

/** @typedef {import("./kd_edge.d.mts").Score} Score */
/** @typedef {import("./kd_edge.d.mts").Explanation} Explanation */
/** @typedef {import("./kd_edge.d.mts").Item} Item */
/** @typedef {import("./kd_edge.d.mts").Bundle} DeclaredBundle */
/** @typedef {import("./manifest.mjs").ItemEntry} ItemEntry */

const MANIFEST = "manifest.json";
const MOST_MANIFEST = 8 << 20;
const MOST_MEMBER = 256 << 20;
const MOST_CARD = 1 << 20;
const MOST_GOLDEN = 4 << 20;
const MOST_VECTORIZER = 64 << 20;
const MOST_TOGETHER = 1 << 30;
// How many times a bundle's size its members together may have, where they have more than so much.
const MOST_PACKING = 20;
const FREELY = 16 << 20;

/** @type {Promise<{module: WebAssembly.Module, core: CoreInstance}> | null} */
let ready = null;
/** @type {CoreInstance | null} */
let wordsCore = null;

/**
 * Loads the core.
 *
 * @param {ArrayBuffer | Uint8Array | URL | string | WebAssembly.Module} [source]
 */
export async function init(source) {
  if (source !== undefined || !ready) {
    ready = load(source);
    ready.catch(() => (ready = null));
  }
  wordsCore = (await ready).core;
}

/** @param {ArrayBuffer | Uint8Array | URL | string | WebAssembly.Module} [source] */
async function load(source = new URL("kd_edge.wasm", import.meta.url)) {
  try {
    const bytes = typeof source === "string" || source instanceof URL ? await fetched(source) : source;
    const module =
      bytes instanceof WebAssembly.Module ? bytes : await WebAssembly.compile(/** @type {BufferSource} */ (bytes));
    return { module, core: await CoreInstance.of(module) };
  } catch (error) {
    throw new KdEdgeError(
      `kd_edge.wasm cannot be loaded (${error instanceof Error ? error.message : error}): keep it beside ` +
        "kd_edge.mjs, or give its bytes to init().",
    );
  }
}

/** @param {URL | string} source */
async function fetched(source) {
  const url = source instanceof URL ? source : new URL(source, import.meta.url);
  if (url.protocol === "file:" && typeof process !== "undefined") {
    const { readFile } = await import("node:fs/promises");
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.arrayBuffer();
}

/**
 * The words of a text, by text rules 1 or 2.
 *
 * @param {string} text
 * @param {number} rules
 */
export function words(text, rules) {
  if (!wordsCore) throw new KdEdgeError("The core is not loaded: wait for init() first.");
  return wordsCore.words(stringOf(text, "text"), rules);
}

/**
 * Opens a bundle.
 *
 * @param {ArrayBuffer | Uint8Array} bytes
 */
export async function open(bytes) {
  if (!ready) await init();
  const { module } = await /** @type {NonNullable<typeof ready>} */ (ready);
  const core = await CoreInstance.of(module);
  const zip = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  const entries = new Map();
  const listed = zipEntries(zip);
  for (const entry of listed) entries.set(entry.name, entry);
  if (!entries.has(MANIFEST)) throw new KdEdgeError(`This is not a bundle: it has no ${MANIFEST}.`);
  if (entries.size !== listed.length) throw new KdEdgeError("The bundle is not sound: a member name occurs twice.");
  for (const entry of listed) {
    if (entry.strange) {
      throw new KdEdgeError(`'${entry.name}' is encrypted, a link, or compressed in an unsupported way.`);
    }
  }
  const { size } = entries.get(MANIFEST);
  if (size > MOST_MANIFEST) {
    throw new KdEdgeError(`${MANIFEST} is too large (${size} bytes; the limit is ${MOST_MANIFEST}).`);
  }
  const data = await unzipped(zip, entries.get(MANIFEST), size);
  const manifest = readManifest(utf8(data, MANIFEST));
  checkMembers(manifest, entries);
  checkTogether(manifest.members, zip.length);
  const bundle = new Bundle(zip, entries, manifest, core);
  await bundle.load();
  return bundle;
}

/** @param {Uint8Array} data @param {string} name */
function utf8(data, name) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new KdEdgeError(`${name} is not UTF-8: copy the bundle again.`);
  }
}

/**
 * @param {import("./manifest.mjs").Manifest} manifest
 * @param {Map<string, import("./zip.mjs").ZipEntry>} entries
 */
function checkMembers(manifest, entries) {
  const { members } = manifest;
  for (const name of entries.keys()) {
    // Every member must be listed, so that nothing is carried along without a hash.
    if (name !== MANIFEST && !members.has(name)) throw new KdEdgeError(`'${name}' is not in the manifest.`);
  }
  const most = mostBytes(manifest);
  for (const [name, member] of members) {
    const parts = name.split("/");
    if (/[\\:\0]/.test(name) || parts.some((part) => ["", ".", ".."].includes(part))) {
      throw new KdEdgeError(`The member name '${name}' is not allowed.`);
    }
    const entry = entries.get(name);
    if (!entry) throw new KdEdgeError(`'${name}' is missing: copy the bundle again.`);
    if (entry.size !== member.bytes) throw otherSize(name);
    const limit = most.get(name) ?? MOST_MEMBER;
    if (entry.size > limit) {
      throw new KdEdgeError(`'${name}' is too large (${entry.size} bytes; the limit is ${limit}).`);
    }
  }
}

/** The largest size of each member that is read as a whole. @param {import("./manifest.mjs").Manifest} manifest */
function mostBytes(manifest) {
  const most = new Map([[manifest.card, MOST_CARD]]);
  for (const item of manifest.items) {
    const [vectorizer, golden] = item.secondMembers;
    for (const name of [item.vectorizer, vectorizer]) if (name !== undefined) most.set(name, MOST_VECTORIZER);
    for (const name of [item.golden, golden]) if (name !== undefined) most.set(name, MOST_GOLDEN);
  }
  return most;
}

/**
 * Refuses members that are far larger together than what learnt something can be packed to.
 *
 * @param {Map<string, import("./manifest.mjs").Member>} members
 * @param {number} size of the bundle
 */
function checkTogether(members, size) {
  let together = 0;
  for (const { bytes } of members.values()) together += bytes;
  if (together > MOST_TOGETHER || (together > FREELY && together > MOST_PACKING * size)) {
    throw new KdEdgeError(`The bundle is made to fill a device: the members together are ${together} bytes, the file ${size}.`);
  }
}

/** @param {unknown} text @param {string} what */
function stringOf(text, what) {
  if (typeof text !== "string") throw new KdEdgeError(`${what} must be a string, not ${typeof text}.`);
  return text;
}

/** An open bundle; see kd_edge.d.mts. @implements {DeclaredBundle} */
class Bundle {
  #zip;
  #entries;
  #manifest;
  #core;
  /** Members of students, checked. @type {Map<string, Uint8Array>} */
  #read = new Map();
  /** The same in the core's memory. @type {Map<string, import("./instance.mjs").Placed>} */
  #placed = new Map();
  /** @type {Map<string, OpenItem>} */
  #open = new Map();
  /** The first item of each network of a `pairs`. @type {Map<string, number>} */
  #networks = new Map();

  /**
   * @param {Uint8Array} zip
   * @param {Map<string, import("./zip.mjs").ZipEntry>} entries
   * @param {import("./manifest.mjs").Manifest} manifest
   * @param {CoreInstance} core
   */
  constructor(zip, entries, manifest, core) {
    this.#zip = zip;
    this.#entries = entries;
    this.#manifest = manifest;
    this.#core = core;
    this.created = manifest.created;
    this.card = manifest.card;
    this.members = [...manifest.members.keys()];
    /** @type {readonly Item[]} */
    this.items = manifest.items.map((entry) => ({
      id: entry.id,
      student: entry.student,
      classes: [...entry.classes],
      values: [...entry.worth],
      decision: /** @type {Item["decision"]} */ (entry.decision),
      partOf: entry.partOf,
      second: entry.second,
      golden: entry.golden,
      refusal: refusalOf(entry),
    }));
  }

  /** Reads the members of all students that can score. */
  async load() {
    for (const [at, entry] of this.#manifest.items.entries()) {
      if (this.items[at].refusal) continue;
      for (const name of [entry.vectorizer, /** @type {string} */ (entry.forms.get(FORM))]) {
        if (!this.#read.has(name)) this.#read.set(name, await this.read(name));
      }
    }
  }

  /** @param {string} name */
  async read(name) {
    const member = this.#manifest.members.get(name);
    const entry = this.#entries.get(name);
    if (!member || !entry) throw new KdEdgeError(`The bundle has no member '${name}'.`);
    const data = await unzipped(this.#zip, entry, member.bytes);
    if (this.#core.sha256(data) !== member.sha256) {
      throw new KdEdgeError(`'${name}' does not have the hash in the manifest: copy the bundle again.`);
    }
    return data;
  }

  /** @param {string} text @param {string} [item] @returns {Score} */
  score(text, item) {
    return this.#item(item).score(stringOf(text, "A response"));
  }

  /** @param {readonly string[]} texts @param {string} [item] @returns {Score[]} */
  scoreMany(texts, item) {
    if (!Array.isArray(texts)) throw new KdEdgeError("scoreMany takes a list of responses: use score for one.");
    const opened = this.#item(item);
    return texts.map((text, at) => opened.score(stringOf(text, `Response ${at + 1}`)));
  }

  /** @param {string} text @param {string} [item] @returns {Explanation} */
  explain(text, item) {
    return this.#item(item).explain(stringOf(text, "A response"));
  }

  /** @param {string} [id] */
  #item(id) {
    const entry = this.#entry(id);
    let opened = this.#open.get(entry.id);
    if (!opened) {
      const refusal = refusalOf(entry);
      if (refusal) throw new KdEdgeError(refusal);
      opened = this.#opened(entry);
      this.#open.set(entry.id, opened);
    }
    return opened;
  }

  /** @param {string} [id] */
  #entry(id) {
    const { items } = this.#manifest;
    if (id === undefined && items.length === 1) return items[0];
    const entry = items.find((one) => one.id === id);
    if (entry) return entry;
    const first = items.slice(0, 10).map((one) => `'${one.id}'`);
    const more = items.length > 10 ? ` and ${items.length - 10} more` : "";
    const names = `${items.length} item${items.length === 1 ? "" : "s"} (${first.join(", ")}${more})`;
    throw new KdEdgeError(
      id === undefined ? `The bundle has ${names}: name one of them.` : `There is no item '${id}': the bundle has ${names}.`,
    );
  }

  /** @param {ItemEntry} entry */
  #opened(entry) {
    const network = /** @type {string} */ (entry.forms.get(FORM));
    const isPairs = entry.student === "pairs";
    // Questions with the same network share its index, whatever else is theirs.
    const same = isPairs ? JSON.stringify([network, numbersOf(entry).slice(1, 8)]) : "";
    const shared = this.#networks.get(same) ?? 0;
    const placed = [entry.vectorizer, network].map((name) => this.#place(name));
    let address;
    try {
      address = this.#core.open(numbersOf(entry), placed[0], placed[1], shared);
    } catch (error) {
      throw error instanceof KdEdgeError ? new KdEdgeError(`Item '${entry.id}': ${error.message}`) : error;
    }
    if (isPairs && !shared) this.#networks.set(same, address);
    return new OpenItem(this.#core, address, entry);
  }

  /** @param {string} name */
  #place(name) {
    let placed = this.#placed.get(name);
    if (!placed) {
      const data = this.#read.get(name);
      if (!data) throw damaged(name);
      placed = this.#core.place(data);
      this.#placed.set(name, placed);
    }
    return placed;
  }
}

// All that is declared is here, with these types.
/** @satisfies {typeof import("./kd_edge.d.mts")} */
({ KdEdgeError, init, open, words });

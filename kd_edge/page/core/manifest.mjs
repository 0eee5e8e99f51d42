// Reads a bundle's manifest.json, and refuses what FORMAT.md, section 2, does not allow.
import { KdEdgeError } from "./errors.mjs";

const FORMAT = "kd-edge-bundle";
const PROTOCOL = 1;
const TOO_LARGE = 1e9;

// Far above what is written; see FORMAT.md, section 17.
const MOST_ITEMS = 2000;
const MOST_CLASSES = 1000;

/**
 * @typedef {object} Member
 * @property {number} bytes size unpacked
 * @property {string} sha256
 *
 * @typedef {object} Flags
 * @property {number} review
 * @property {number} longest
 * @property {number} distinct
 * @property {number[]} known
 * @property {number[]} prompt
 *
 * @typedef {object} ItemEntry
 * @property {string} id
 * @property {string} student
 * @property {string[]} classes
 * @property {number[]} worth what each class counts as: its points, or its value
 * @property {string} decision
 * @property {Fields} text
 * @property {Map<string, string>} forms
 * @property {string} vectorizer
 * @property {string} golden
 * @property {Flags} flags
 * @property {string} partOf
 * @property {string} second the kind of its second student; "" if it has none
 * @property {string[]} secondMembers
 *
 * @typedef {object} Manifest
 * @property {string} created
 * @property {ItemEntry[]} items
 * @property {Map<string, Member>} members
 * @property {string} card
 */

/** A number that is written with a point or an exponent, which JSON.parse does not tell from a whole one. */
const POINT = "\0point";

/** @param {string} text */
function parsed(text) {
  try {
    JSON.parse(text);
    const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/g, (token) => {
      // Half a surrogate pair is not valid text: it can be neither shown nor written.
      if (token[0] === '"' && token.includes("\\u") && /\p{Surrogate}/u.test(JSON.parse(token))) throw Error();
      return token[0] !== '"' && /[.eE]/.test(token) ? `{"\\u0000point":${token}}` : token;
    });
    return JSON.parse(marked);
  } catch {
    throw new KdEdgeError("manifest.json is not valid JSON: copy the bundle again.");
  }
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !Object.hasOwn(value, POINT);

/** @param {unknown} value */
function numberIn(value) {
  const inside = typeof value === "object" && value !== null ? /** @type {any} */ (value)[POINT] : value;
  return typeof inside === "number" ? inside : undefined;
}

/** @param {unknown} value @returns {value is number} */
const isWhole = (value) => Number.isSafeInteger(value);

/**
 * Refuses a name that could steer a terminal, or add a line to what is shown there.
 *
 * @param {string} value
 * @param {string} where
 */
function plainName(value, where) {
  if (/[\0-\x1f\x7f-\x9f]/.test(value)) {
    throw new KdEdgeError(`${where}: a name holds a control character. Was the bundle made by kd-edge?`);
  }
  return value;
}

/** Reads fields of a JSON object, and says which are of the wrong type. */
export class Fields {
  #raw;
  #where;

  /** @param {unknown} raw @param {string} where */
  constructor(raw, where) {
    if (!isObject(raw)) throw new KdEdgeError(`${where} is not an object: copy the bundle again.`);
    this.#raw = raw;
    this.#where = where;
  }

  /** @param {string} name @param {string} kind @returns {never} */
  #refuse(name, kind) {
    throw new KdEdgeError(`${this.#where}: '${name}' is missing or not ${kind}. Was the bundle made by kd-edge?`);
  }

  /** @param {string} name */
  has(name) {
    return Object.hasOwn(this.#raw, name);
  }

  /** @param {string} name */
  raw(name) {
    return this.has(name) ? this.#raw[name] : undefined;
  }

  /** @param {string} name */
  string(name) {
    const value = this.raw(name);
    return typeof value === "string" ? plainName(value, this.#where) : this.#refuse(name, "a text");
  }

  /** @param {string} name */
  whole(name) {
    const value = this.raw(name);
    return isWhole(value) ? value : this.#refuse(name, "a whole number of at most 53 bits");
  }

  /** @param {string} name */
  number(name) {
    return numberIn(this.raw(name)) ?? this.#refuse(name, "a number");
  }

  /** @param {string} name @returns {unknown[]} */
  list(name) {
    const value = this.raw(name);
    return Array.isArray(value) ? value : this.#refuse(name, "a list");
  }

  /** @param {string} name */
  strings(name) {
    const values = this.list(name);
    if (!values.every((value) => typeof value === "string")) this.#refuse(name, "a list of texts");
    return /** @type {string[]} */ (values).map((value) => plainName(value, this.#where));
  }

  /** @param {string} name */
  wholes(name) {
    const values = this.list(name);
    if (!values.every(isWhole)) this.#refuse(name, "a list of whole numbers of at most 53 bits");
    return /** @type {number[]} */ (values);
  }

  /** @param {string} name */
  numbers(name) {
    const values = this.list(name).map(numberIn);
    if (values.includes(undefined)) this.#refuse(name, "a list of numbers");
    return /** @type {number[]} */ (values);
  }

  /** @param {string} name */
  object(name) {
    const value = this.raw(name);
    return isObject(value) ? value : this.#refuse(name, "an object");
  }

  /** @param {string} name */
  stringsByName(name) {
    const values = Object.entries(this.object(name));
    if (!values.every(([, value]) => typeof value === "string")) this.#refuse(name, "an object of texts");
    for (const text of values.flat()) plainName(/** @type {string} */ (text), this.#where);
    return new Map(/** @type {[string, string][]} */ (values));
  }
}

/**
 * Reads and checks a manifest.
 *
 * @param {string} text
 * @returns {Manifest}
 */
export function readManifest(text) {
  const raw = parsed(text);
  if (!isObject(raw) || raw.format !== FORMAT) {
    throw new KdEdgeError("manifest.json is not from a kd-edge bundle.");
  }
  checkProtocol(raw.protocol);
  const fields = new Fields(raw, "manifest.json");
  const created = fields.string("created");
  fields.stringsByName("created_by");
  const items = fields.list("items").map((entry, at) => itemOf(entry, `manifest.json, item ${at + 1}`));
  const members = new Map(
    Object.entries(fields.object("members")).map(([name, entry]) => [plainName(name, "manifest.json, members"), memberOf(name, entry)]),
  );
  const card = fields.string("card");
  fields.object("provenance");
  const manifest = { created, items, members, card };
  checkWhole(manifest);
  return manifest;
}

/** @param {unknown} protocol */
function checkProtocol(protocol) {
  if (!Number.isInteger(protocol)) throw new KdEdgeError("manifest.json has no protocol number.");
  if (/** @type {number} */ (protocol) > PROTOCOL) {
    throw new KdEdgeError(
      `The bundle has protocol ${protocol}, and this kd_edge.mjs reads up to ${PROTOCOL}: use a newer one.`,
    );
  }
  if (/** @type {number} */ (protocol) < 1) throw new KdEdgeError(`There is no protocol ${protocol}.`);
}

/** @param {string} name @param {unknown} raw @returns {Member} */
function memberOf(name, raw) {
  const fields = new Fields(raw, `manifest.json, member '${name}'`);
  const member = { bytes: fields.whole("bytes"), sha256: fields.string("sha256") };
  if (member.bytes < 0 || member.sha256.length !== 64) {
    throw new KdEdgeError(`manifest.json, member '${name}': bytes or sha256 is not valid.`);
  }
  return member;
}

/** @param {unknown} raw @param {string} where @returns {ItemEntry} */
function itemOf(raw, where) {
  const fields = new Fields(raw, where);
  const values = fields.wholes("values");
  const points = fields.has("points") ? fields.numbers("points") : [];
  fields.whole("parameters");
  const item = {
    id: fields.string("item_id"),
    student: fields.string("student"),
    classes: fields.strings("classes"),
    worth: points.length ? points : values,
    decision: fields.string("decision"),
    text: new Fields(fields.object("text"), `${where}, text`),
    forms: fields.stringsByName("forms"),
    vectorizer: fields.string("vectorizer"),
    golden: fields.string("golden"),
    flags: flagsOf(fields.has("flags") ? fields.raw("flags") : {}, `${where}, flags`),
    partOf: fields.has("part_of") ? fields.string("part_of") : "",
    ...secondOf(fields, where),
  };
  if (item.classes.length < 2 || new Set(item.classes).size !== item.classes.length) {
    throw new KdEdgeError(`Item '${item.id}': fewer than two classes, or a class listed twice.`);
  }
  if (item.classes.length > MOST_CLASSES) throw new KdEdgeError(`Item '${item.id}': more than ${MOST_CLASSES} classes.`);
  if (values.length !== item.classes.length) {
    throw new KdEdgeError(`Item '${item.id}': the number of values differs from the number of classes.`);
  }
  if (points.length) checkPoints(item.id, points, item.classes.length);
  if (item.decision !== "most-probable" && item.decision !== "nearest-expected") {
    throw new KdEdgeError(`Item '${item.id}': unknown decision '${item.decision}'.`);
  }
  if (!item.forms.size) throw new KdEdgeError(`Item '${item.id}': there is no form of the network.`);
  return item;
}

/**
 * The second student, which only readers with all of its parts use (section 15); here it is checked.
 *
 * @param {Fields} item
 * @param {string} where
 */
function secondOf(item, where) {
  if (!item.has("second")) return { second: "", secondMembers: [] };
  const fields = new Fields(item.raw("second"), `${where}, second`);
  fields.whole("parameters");
  fields.object("text");
  const forms = fields.stringsByName("forms");
  for (const name of ["below", "weight", "review"]) {
    const number = fields.number(name);
    if (!(number >= 0 && number <= 1)) throw new KdEdgeError(`${where}, second: '${name}' is not between 0 and 1.`);
  }
  const temperature = fields.number("temperature");
  if (!(temperature >= 0.01 && temperature <= 100)) {
    throw new KdEdgeError(`${where}, second: 'temperature' is not between 0.01 and 100.`);
  }
  if (!forms.size) throw new KdEdgeError(`${where}, second: there is no form of the network.`);
  const secondMembers = [fields.string("vectorizer"), fields.string("golden"), ...forms.values()];
  return { second: fields.string("student"), secondMembers };
}

/** @param {string} id @param {number[]} points @param {number} classes */
function checkPoints(id, points, classes) {
  if (points.length !== classes) {
    throw new KdEdgeError(`Item '${id}': ${points.length} points for ${classes} classes.`);
  }
  if (!points.every((one) => Math.abs(one) < TOO_LARGE)) {
    throw new KdEdgeError(`Item '${id}': 'points' holds a number of a thousand million or more.`);
  }
  const steps = points.slice(1).map((after, at) => after - points[at]);
  if (!steps.every((step) => step > 0) && !steps.every((step) => step < 0)) {
    throw new KdEdgeError(`Item '${id}': 'points' neither rise nor fall from class to class.`);
  }
}

/** @param {unknown} raw @param {string} where @returns {Flags} */
function flagsOf(raw, where) {
  const fields = new Fields(raw, where);
  const flags = {
    review: fields.has("review") ? fields.number("review") : 0,
    longest: fields.has("longest") ? fields.whole("longest") : 0,
    distinct: fields.has("distinct") ? fields.number("distinct") : 0,
    known: fields.has("known") ? fields.numbers("known") : [],
    prompt: fields.has("prompt") ? fields.wholes("prompt") : [],
  };
  const numbers = [flags.review, flags.longest, flags.distinct, ...flags.known];
  const fits = flags.known.length === 0 || flags.known.length === 3;
  if (!fits || !numbers.every((number) => Math.abs(number) < TOO_LARGE)) {
    throw new KdEdgeError(`${where}: 'known' needs three numbers, or a number is too large.`);
  }
  return flags;
}

/** Refuses a manifest whose parts are inconsistent. @param {Manifest} manifest */
function checkWhole(manifest) {
  const ids = manifest.items.map((item) => item.id);
  if (!ids.length || new Set(ids).size !== ids.length) {
    throw new KdEdgeError("manifest.json has no items, or an item is listed twice.");
  }
  if (ids.length > MOST_ITEMS) throw new KdEdgeError(`manifest.json has more than ${MOST_ITEMS} items.`);
  /** @param {string} where @param {string} name */
  const need = (where, name) => {
    if (!manifest.members.has(name)) {
      throw new KdEdgeError(`${where} names the member '${name}', which the bundle does not list.`);
    }
  };
  need("The card", manifest.card);
  for (const item of manifest.items) {
    const members = [item.vectorizer, item.golden, ...item.forms.values(), ...item.secondMembers];
    for (const name of members) need(`Item '${item.id}'`, name);
  }
}

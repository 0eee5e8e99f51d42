// Writes the scored table as `kd-edge score --safe-cells` does, with what people say behind.
import { fixed } from "./numbers.mjs";
import { isBlank, strip } from "./python_strings.mjs";

/** @typedef {import("../core/kd_edge.mjs").Score} Score */
/** @typedef {import("./scoring.mjs").PersonScore} PersonScore */
/** @typedef {import("./table_reader.mjs").Table} Table */
/** @typedef {{id: string, classes: readonly string[]}} Classes */

const MACHINE = ["predicted", "expected", "confidence", "flag"];
const PEOPLE = ["person_score", "person_note"];
// How formulas begin in spreadsheets.
const SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20";
const PLAIN_NUMBER = /^[+-]?(?:[0-9]+(?:[.,' ][0-9]+)*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?\s*%?$/u;
const POINT = /^\s*[+-]?[0-9]+\.[0-9]+\s*%?\s*$/;
const COMMA = /^\s*[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+),[0-9]+\s*%?\s*$/;
const DECIMAL_CLASS = /^[+-]?[0-9]+[.,][0-9]+$/;

/** A cell as a spreadsheet shows it, with an apostrophe before what it might run. @param {string} cell */
export function safe(cell) {
  const start = /^[ \xa0]*(.?)/su.exec(cell)?.[1] ?? "";
  const signsAlone = [...cell].every((char) => SIGNS.includes(char));
  return !SIGNS.includes(start) || signsAlone || PLAIN_NUMBER.test(cell) ? cell : `'${cell}`;
}

/** The decimal sign of a table that is not separated by commas. @param {string[][]} rows @param {number} text @param {string} delimiter */
function decimalOf(rows, text, delimiter) {
  let [points, commas] = [false, false];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      if (at === text || isBlank(cell)) continue;
      points ||= POINT.test(cell);
      commas ||= COMMA.test(cell);
    }
  }
  return commas || (delimiter === ";" && !points) ? "," : ".";
}

/** Writes rows of a table, and gives the bytes. */
export class TableWriter {
  #table;
  #text;
  #items;
  #classes;
  #delimiter;
  #quoted;
  #decimal;
  #encoding;
  /** @type {BlobPart[]} */
  #parts = [];

  /**
   * @param {Table} table
   * @param {number} text the column of the responses
   * @param {Classes[]} items those that rows may answer
   * @param {Map<number, PersonScore>} people by row
   */
  constructor(table, text, items, people) {
    const { delimiter, quoted, namesDelimiter, lineEnd } = table.layout;
    this.#table = table;
    this.#text = text;
    this.#items = new Map(items.map((item) => [item.id, item.classes]));
    this.#classes = [...new Set(items.flatMap((item) => item.classes))];
    this.#delimiter = /\.tsv$/i.test(table.file.name ?? "") ? "\t" : delimiter;
    this.#quoted = quoted || this.#delimiter !== delimiter;
    this.#decimal = this.#delimiter === "," ? "." : "";
    const names = addedNames(table.header, this.#classes);
    const notes = [...people.values()].flatMap(({ score, note }) => [score, note]);
    this.#encoding = encodingOf(table.encoding, [...names, ...this.#classes, ...notes].join(""));
    this.#write(markOf(this.#encoding));
    if (namesDelimiter && this.#delimiter === delimiter) this.#write(`sep=${delimiter}${lineEnd}`);
    const cells = [...table.header, ...names].map((name) => this.#cell(safe(name)));
    this.#write(cells.join(this.#delimiter) + lineEnd);
  }

  /**
   * Writes a batch of rows.
   *
   * @param {{fields: string[], item: string, score: Score, person: PersonScore | undefined}[]} rows
   */
  write(rows) {
    this.#decimal ||= decimalOf(rows.map(({ fields }) => fields), this.#text, this.#delimiter);
    let text = "";
    for (const { fields, item, score, person } of rows) {
      const own = /** @type {readonly string[]} */ (this.#items.get(item));
      const cells = fields.map((field) => this.#cell(safe(field)));
      cells.push(
        this.#className(score.predicted),
        this.#number(score.expected, 4),
        this.#number(score.confidence, 4),
        score.flag,
      );
      for (const name of this.#classes) {
        const at = own.indexOf(name);
        cells.push(at < 0 ? "" : this.#number(score.probabilities[at], 6));
      }
      cells.push(person ? this.#className(person.score) : "", this.#cell(safe(this.#note(person?.note ?? ""))));
      text += cells.join(this.#delimiter) + this.#table.layout.lineEnd;
    }
    this.#write(text);
  }

  /** The bytes of all rows. */
  blob() {
    return new Blob(this.#parts, { type: "text/csv" });
  }

  /** @param {string} text */
  #write(text) {
    this.#parts.push(encoded(text, this.#encoding));
  }

  /** @param {string} cell */
  #cell(cell) {
    if (!this.#quoted) return cell;
    if (cell.includes('"')) return `"${cell.replaceAll('"', '""')}"`;
    return cell.includes(this.#delimiter) || /[\r\n]/.test(cell) ? `"${cell}"` : cell;
  }

  /** @param {string} name */
  #className(name) {
    const shown = DECIMAL_CLASS.test(name) ? name.replace(/[.,]/g, this.#decimal) : name;
    return this.#cell(safe(this.#decimal === "." ? name : shown));
  }

  /** @param {number} value @param {number} digits */
  #number(value, digits) {
    const text = fixed(value, digits).replace(".", this.#decimal);
    return this.#decimal === this.#delimiter ? `"${text}"` : text;
  }

  /** A note without what no cell of an unquoted table may hold. @param {string} note */
  #note(note) {
    return this.#quoted ? note : strip(note.replaceAll(this.#delimiter, " ").replace(/[\r\n]+/g, " "));
  }
}

/**
 * The names of the columns to add, with a prefix where the table has one of them already.
 *
 * @param {string[]} header
 * @param {string[]} classes
 */
export function addedNames(header, classes) {
  const names = [...MACHINE, ...classes.map((name) => `p_${name}`), ...PEOPLE];
  for (let tried = 0; ; tried++) {
    const prefix = tried === 0 ? "" : tried === 1 ? "m_" : `m${tried}_`;
    const prefixed = names.map((name) => prefix + name);
    if (!prefixed.some((name) => header.includes(name))) return prefixed;
  }
}

/** The table's encoding; UTF-8 where it lacks what is added. @param {string} encoding @param {string} added */
function encodingOf(encoding, added) {
  if (encoding !== "cp1252") return encoding;
  return [...added].every((char) => westernByte(char) >= 0) ? encoding : "utf-8-sig";
}

/** @param {string} encoding */
const markOf = (encoding) => (encoding === "utf-8-sig" || encoding === "utf-16" ? "\ufeff" : "");

/** @type {Map<string, number>} */
const western = new Map();

/** The byte of a character in Windows-1252; -1 for none. @param {string} char */
function westernByte(char) {
  if (!western.size) {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    [...new TextDecoder("windows-1252").decode(bytes)].forEach((one, at) => western.set(one, at));
    for (const lacking of [0x81, 0x8d, 0x8f, 0x90, 0x9d]) western.delete(String.fromCharCode(lacking));
  }
  return western.get(char) ?? -1;
}

/** @param {string} text @param {string} encoding @returns {BlobPart} */
function encoded(text, encoding) {
  if (encoding === "cp1252") return Uint8Array.from([...text].map(westernByte));
  if (!encoding.startsWith("utf-16")) return new TextEncoder().encode(text);
  const bytes = new DataView(new ArrayBuffer(2 * text.length));
  const isLittle = encoding !== "utf-16-be";
  for (let at = 0; at < text.length; at++) bytes.setUint16(2 * at, text.charCodeAt(at), isLittle);
  return bytes;
}

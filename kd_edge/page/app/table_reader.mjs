// Reads a table row by row, as `kd-edge score` reads it.
import { examine, texts } from "./encoding.mjs";
import { PageError } from "./problems.mjs";
import { quotesAreText } from "./quoting.mjs";
import { Records } from "./records.mjs";
import { layoutOf, qualtricsRows, rowsAbove, usualDelimiter } from "./table_header.mjs";
import { folded, isBlank } from "./python_strings.mjs";

/** @typedef {import("./problems.mjs").Problem} Problem */
/** @typedef {import("./records.mjs").TableRecord} TableRecord */
/** @typedef {import("./table_header.mjs").Layout} Layout */
/** @typedef {Blob & {name?: string}} TableFile */

// Rows read and scored at once.
const BATCH = 1000;
// The text that is looked at for a header.
const HEAD = 1 << 20;
const MOST_PROBLEMS = 200;
// What may stand in a blank row: white space, and the mark by which DOS ends a file.
const INK = /[^ \t\r\n\v\f\xa0\x1a]/;
/** Endings of names, and why such files are not read. @type {[RegExp, string][]} */
const OTHERS = [
  [/\.(xlsx|xlsm|ods)$/, "spreadsheet"],
  [/\.xls$/, "oldSpreadsheet"],
  [/\.(json|jsonl|ndjson|parquet|pdf|docx?|odt|html?|xml)$/, "otherFormat"],
];

/**
 * @typedef {object} Batch
 * @property {number[]} numbers of the rows, as in a spreadsheet
 * @property {string[][]} rows their fields, as many as there are columns
 */

export class Table {
  /** The columns' names. @type {string[]} */
  header = [];
  /** How the file was understood, where that is not plain. @type {Problem[]} */
  notes = [];
  /** The first problems in the rows read so far. @type {Problem[]} */
  problems = [];
  /** How many there are. */
  bad = 0;
  /** Whether rows are missing after a problem, which took them with it. */
  cutOff = false;
  /** Bytes read so far. */
  done = 0;

  /** @type {AsyncGenerator<{text: string, done: number}>} */
  #texts;
  /** @type {Records} */
  #records;
  #ended = false;
  #row = 0;
  #blank = 0;

  /**
   * @param {TableFile} file
   * @param {string} encoding
   * @param {Layout} layout
   * @param {string} head the text so far
   * @param {AsyncGenerator<{text: string, done: number}>} rest
   */
  constructor(file, encoding, layout, head, rest) {
    this.file = file;
    this.encoding = encoding;
    this.layout = layout;
    this.#texts = rest;
    this.#records = new Records(layout.delimiter, layout.quoted);
    this.#records.push(head.slice(layout.start));
  }

  /** Waits until there are so many records, or no more. @param {number} count */
  async #fill(count) {
    while (this.#records.ready.length < count && !this.#ended) {
      const { value, done } = await this.#texts.next();
      if (done) {
        this.#records.finish();
        this.#ended = true;
      } else {
        this.#records.push(value.text);
        this.done = value.done;
      }
    }
  }

  /** Reads the header. */
  async readHeader() {
    const { layout } = this;
    let row = layout.row;
    await this.#fill(1);
    let header = this.#records.ready.shift();
    while (Array.isArray(header) && isBlank(header.join(""))) {
      await this.#fill(1);
      header = this.#records.ready.shift();
      row++;
    }
    if (!header) throw new PageError("empty");
    if (!Array.isArray(header)) throw new PageError("badHeader", { row, why: header.key });
    await this.#fill(12);
    const above = rowsAbove(header, this.#records.ready);
    if (above) {
      header = /** @type {string[]} */ (this.#records.ready.splice(0, above).at(-1));
      this.notes.push({ row: row + above, key: "rowsAbove", values: {} });
      await this.#fill(2);
    }
    const extra = qualtricsRows(this.#records.ready);
    this.#records.ready.splice(0, extra);
    this.header = header;
    this.#row = row + above + extra;
  }

  /**
   * Reads the rows.
   *
   * @returns {AsyncGenerator<Batch>}
   */
  async *batches() {
    for (;;) {
      await this.#fill(BATCH);
      const { ready } = this.#records;
      let count = 0;
      while (count < BATCH && count < ready.length && Array.isArray(ready[count])) count++;
      const taken = /** @type {string[][]} */ (ready.slice(0, count));
      const error = count < BATCH ? ready[count] : undefined;
      this.#records.ready = ready.slice(error ? count + 1 : count);
      if (!count && !error) return;
      const batch = this.#complete(taken);
      if (error && !Array.isArray(error)) {
        this.#row++;
        this.#blank = 0;
        this.cutOff ||= error.key !== "notDoubled";
        this.note({ row: this.#row, key: error.key, values: {} });
      }
      if (batch.rows.length) yield batch;
    }
  }

  /** Counts a problem, and keeps it if it is one of the first. @param {Problem} problem */
  note(problem) {
    this.bad++;
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }

  /** The rows with one field per column, including blank rows if they are responses. @param {string[][]} taken @returns {Batch} */
  #complete(taken) {
    const width = this.header.length;
    /** @type {Batch} */
    const batch = { numbers: [], rows: [] };
    for (const read of taken) {
      const number = ++this.#row;
      if (!(width === 1 && read.length === 1) && !read.some((field) => INK.test(field))) {
        this.#blank++;
        continue;
      }
      if (width === 1) {
        for (let row = number - this.#blank; row < number; row++) {
          batch.numbers.push(row);
          batch.rows.push([""]);
        }
      }
      this.#blank = 0;
      const fields = fitted(read, this.header);
      const why = this.#whyBad(fields, number);
      if (why) {
        this.note(why);
      } else {
        batch.numbers.push(number);
        batch.rows.push(fields);
      }
    }
    return batch;
  }

  /** @param {string[]} fields @param {number} row @returns {Problem | null} */
  #whyBad(fields, row) {
    const width = this.header.length;
    if (fields.length !== width) {
      const key = fields.length > width && this.layout.quoted ? "tooManyFields" : "otherFields";
      return { row, key, values: { fields: fields.length, columns: width } };
    }
    const isHeader = width > 1 && fields.every((field, at) => field === this.header[at]);
    return isHeader ? { row, key: "headerAgain", values: {} } : null;
  }
}

/** A row without blank fields beyond the header, or with those that only blank names lack. @param {string[]} fields @param {string[]} header */
function fitted(fields, header) {
  const width = header.length;
  if (fields.length > width) return isBlank(fields.slice(width).join("")) ? fields.slice(0, width) : fields;
  const lacking = header.slice(fields.length);
  return lacking.length && isBlank(lacking.join("")) ? [...fields, ...lacking.map(() => "")] : fields;
}

/** What was found of the file that was read last. @type {{of: string, encoding: string, quotes: boolean} | null} */
let lastFound = null;

/** @param {TableFile & {lastModified?: number}} file */
async function found(file) {
  const of = [file.name, file.size, file.lastModified].join("/");
  if (!file.name || lastFound?.of !== of) lastFound = { of, ...(await examine(file)) };
  return lastFound;
}

/**
 * Opens a table, and reads its header.
 *
 * @param {TableFile} file
 * @returns {Promise<Table>}
 * @throws PageError it is no table that can be read
 */
export async function openTable(file) {
  const name = folded(file.name ?? "");
  for (const [ending, key] of OTHERS) if (ending.test(name)) throw new PageError(key);
  const { encoding, quotes } = await found(file);
  const table = await opened(file, encoding, "auto");
  const { quoted, delimiter } = table.layout;
  if (quotes && quoted && "\t|".includes(delimiter)) {
    if (await quotesAreText(file, encoding, table.header.length, delimiter)) {
      const plain = await opened(file, encoding, "none");
      plain.notes.unshift({ row: 0, key: "quotesAreText", values: {} });
      return withEncoding(plain);
    }
  }
  return withEncoding(table);
}

/** @param {Table} table */
function withEncoding(table) {
  const { encoding } = table;
  if (!encoding.startsWith("utf-8")) table.notes.unshift({ row: 0, key: "encoding", values: { encoding } });
  return table;
}

/** @param {TableFile} file @param {string} encoding @param {"auto" | "none"} quoting */
async function opened(file, encoding, quoting) {
  const rest = texts(file, encoding);
  let [head, done] = ["", 0];
  while (head.length < HEAD) {
    const next = await rest.next();
    if (next.done) break;
    head += next.value.text;
    done = next.value.done;
  }
  const layout = layoutOf(head, usualDelimiter(file.name ?? ""), quoting);
  const table = new Table(file, encoding, layout, head, rest);
  table.done = done;
  await table.readHeader();
  return table;
}

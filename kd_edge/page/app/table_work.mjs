// The work on tables: the header, the scores in a stream, the scored table.
import { guessColumns } from "./columns.mjs";
import { PageError } from "./problems.mjs";
import { classOf } from "./score_cells.mjs";
import { openTable } from "./table_reader.mjs";
import { TableWriter } from "./table_writer.mjs";
import { strip } from "./python_strings.mjs";

/** @typedef {import("../core/kd_edge.mjs").Bundle} Bundle */
/** @typedef {import("../core/kd_edge.mjs").Item} Item */
/** @typedef {import("../core/kd_edge.mjs").Score} Score */
/** @typedef {import("./problems.mjs").Problem} Problem */
/** @typedef {import("./scoring.mjs").Columns} Columns */
/** @typedef {import("./scoring.mjs").PersonScore} PersonScore */
/** @typedef {import("./scoring.mjs").Progress} Progress */
/** @typedef {import("./scoring.mjs").Row} Row */
/** @typedef {import("./table_reader.mjs").Table} Table */
/** @typedef {import("./table_reader.mjs").TableFile} TableFile */
/** @typedef {Map<string, {bundle: Bundle, item: Item}>} OpenItems by the item's id */

/**
 * @typedef {object} Work what goes on while somebody waits
 * @property {() => boolean} isCancelled
 * @property {(event: {rows?: Row[], progress?: Progress}) => void} tell
 *
 * @typedef {object} ScoredRow
 * @property {number} at
 * @property {string[]} fields
 * @property {string} item
 * @property {Score} score
 */

// Rows in a message: the screen takes each in a time that nobody notices.
const MESSAGE = 500;
const SAMPLE = 20;
const PROGRESS_MS = 100;

/** @param {{file: TableFile}} values @param {number} items how many the page has */
export async function readTableHeader({ file }, items) {
  const table = await openTable(file);
  /** @type {string[][]} */
  let sample = [];
  for await (const { rows } of table.batches()) {
    sample = rows.slice(0, SAMPLE);
    break;
  }
  const { header: columns, encoding, notes } = table;
  return { columns, guess: guessColumns(columns, items), delimiter: table.layout.delimiter, encoding, notes, sample };
}

/**
 * @param {OpenItems} items
 * @param {{file: TableFile, columns: Columns}} values
 * @param {Work} work
 */
export async function scoreTableRows(items, { file, columns }, work) {
  const started = performance.now();
  const table = await openTable(file);
  let rows = 0;
  for await (const scored of scoredBatches(table, items, columns, work)) {
    for (let from = 0; from < scored.length; from += MESSAGE) {
      work.tell({ rows: scored.slice(from, from + MESSAGE).map((row) => rowOf(row, columns, items)) });
    }
    rows += scored.length;
  }
  const seconds = (performance.now() - started) / 1000;
  return { rows, seconds, bad: table.bad, problems: table.problems };
}

/**
 * @param {OpenItems} items
 * @param {{file: TableFile, columns: Columns, people: Map<number, PersonScore>}} values
 * @param {Work} work
 */
export async function saveScoredTable(items, { file, columns, people }, work) {
  const table = await openTable(file);
  const used = columns.item === null ? [itemOf(items, columns)] : [...items.keys()];
  const classes = used.map((id) => ({ id, classes: items.get(id)?.item.classes ?? [] }));
  const writer = new TableWriter(table, textOf(columns), classes, people);
  for await (const scored of scoredBatches(table, items, columns, work)) {
    writer.write(scored.map(({ at, ...row }) => ({ ...row, person: people.get(at) })));
  }
  return writer.blob();
}

/** @param {Columns} columns */
function textOf({ text }) {
  if (text === null) throw new PageError("noTextColumn");
  return text;
}

/** The item that all rows answer. @param {OpenItems} items @param {Columns} columns */
function itemOf(items, { itemId }) {
  const id = itemId ?? (items.size === 1 ? [...items.keys()][0] : undefined);
  if (id === undefined) throw new PageError("whichItem");
  if (!items.has(id)) throw new PageError("noItem", { item: id });
  return id;
}

/**
 * Scores a table's rows, batch by batch. Rows that cannot be scored are problems of the table.
 *
 * @param {Table} table
 * @param {OpenItems} items
 * @param {Columns} columns
 * @param {Work} work
 * @returns {AsyncGenerator<ScoredRow[]>}
 */
async function* scoredBatches(table, items, columns, work) {
  const text = textOf(columns);
  const { item } = columns;
  const only = item === null ? itemOf(items, columns) : "";
  const progress = new ProgressTeller(table, work);
  for await (const { numbers, rows } of table.batches()) {
    if (work.isCancelled()) throw new PageError("cancelled");
    /** @type {ScoredRow[]} */
    const scored = [];
    for (const [place, fields] of rows.entries()) {
      const at = numbers[place];
      const id = item === null ? only : strip(fields[item]);
      const bundle = items.get(id)?.bundle;
      if (!bundle) table.note({ row: at, key: "otherItem", values: {} });
      else scored.push({ at, fields, item: id, score: bundle.score(fields[text], id) });
    }
    if (scored.length) yield scored;
    progress.tell(scored.length);
  }
  if (table.cutOff) {
    const { row, key } = /** @type {Problem} */ (table.problems.at(-1));
    throw new PageError("cutOff", { row, why: key });
  }
  progress.end();
}

/** @param {ScoredRow} scored @param {Columns} columns @param {OpenItems} items @returns {Row} */
function rowOf({ at, fields, item, score }, { id, text, score: people }, items) {
  const human = people === null ? "" : fields[people];
  return {
    at,
    id: id === null ? "" : fields[id],
    item,
    text: fields[/** @type {number} */ (text)],
    human,
    humanClass: people === null ? -1 : classOf(human, items.get(item)?.item.classes ?? []),
    score: score.predicted,
    expected: score.expected,
    confidence: score.confidence,
    probabilities: [...score.probabilities],
    flags: score.flag ? [score.flag] : [],
  };
}

/** Says now and then how far a table is. */
class ProgressTeller {
  #table;
  #work;
  #rows = 0;
  #started = performance.now();
  #next = 0;

  /** @param {Table} table @param {Work} work */
  constructor(table, work) {
    this.#table = table;
    this.#work = work;
  }

  /** @param {number} rows more */
  tell(rows) {
    this.#rows += rows;
    if (performance.now() < this.#next) return;
    this.#next = performance.now() + PROGRESS_MS;
    const { done, file } = this.#table;
    const seconds = (performance.now() - this.#started) / 1000;
    const secondsLeft = done ? (seconds / done) * (file.size - done) : null;
    this.#work.tell({ progress: { done, of: file.size, rows: this.#rows, secondsLeft } });
  }

  end() {
    const { size } = this.#table.file;
    this.#work.tell({ progress: { done: size, of: size, rows: this.#rows, secondsLeft: 0 } });
  }
}

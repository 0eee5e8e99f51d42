// The header of a delimited text: what separates its fields, and where its rows begin.
import { lineEnd } from "./encoding.mjs";
import { knownNames } from "./columns.mjs";
import { fieldsOf } from "./records.mjs";
import { folded, isBlank, strip } from "./python_strings.mjs";

const DELIMITERS = [",", "\t", ";", "|"];
const LONGEST_HEADER = 100;
const MOST_ABOVE = 10;
const FEWEST_NAMES = 2;
const IMPORT_ID = '{"ImportId":';
// The files of ASAP-SAS, in which quotation marks are part of the text.
const UNQUOTED = ["Id\tEssaySet\tScore1\tScore2\tEssayText", "Id\tEssaySet\tEssayText"];

/** @typedef {import("./records.mjs").TableRecord} TableRecord */

/**
 * @typedef {object} Layout how a table is laid out
 * @property {number} start where its first row begins in the text
 * @property {number} row the number of that row
 * @property {string} delimiter
 * @property {boolean} quoted
 * @property {boolean} namesDelimiter whether a line "sep=" names it
 * @property {string} lineEnd of the header
 */

/**
 * Looks at the start of a text.
 *
 * @param {string} text at least the header
 * @param {string} usual the usual delimiter of such files
 * @param {"auto" | "none"} quoting
 * @returns {Layout}
 */
export function layoutOf(text, usual, quoting) {
  let [start, row] = [0, 1];
  let first = lineAt(text, start);
  while (first && isBlank(first)) {
    start += first.length;
    row++;
    first = lineAt(text, start);
  }
  const named = namedDelimiter(first);
  if (named) {
    start += first.length;
    first = lineAt(text, start);
  }
  const delimiter = named || headerDelimiter(first, usual);
  const quoted = quoting === "auto" && !UNQUOTED.includes(first.replace(/[\r\n]+$/, ""));
  const last = quoted ? lastHeaderLine(text, start, first) : first;
  const ended = /[\r\n]*$/.exec(last)?.[0].slice(-2) || "\n";
  return { start, row, delimiter, quoted, namesDelimiter: named !== "", lineEnd: ended };
}

/** @param {string} text @param {number} from */
const lineAt = (text, from) => text.slice(from, lineEnd(text, from) || text.length);

/** The delimiter that a line "sep=;" names; "" for any other line. @param {string} line */
function namedDelimiter(line) {
  const bare = line.replace(/^[\ufeff \r\n"]+|[\ufeff \r\n"]+$/g, "");
  const at = bare.indexOf("=");
  if (at < 0 || strip(bare.slice(0, at)).toLowerCase() !== "sep") return "";
  const rest = bare.slice(at + 1);
  return rest.length === 1 && !/[\p{L}\p{N}]/u.test(rest) ? rest : "";
}

/** The delimiter that gives the most known names, then the most fields. @param {string} line @param {string} usual */
function headerDelimiter(line, usual) {
  const there = DELIMITERS.filter((one) => line.includes(one));
  const [only] = there;
  if (there.length === 1 && only === "|" && line.split("|").length === 2 && !knownNames(line.split("|"))) return usual;
  if (there.length < 2 && !line.includes('"')) return only ?? usual;
  let best = "";
  let most = [-1, -1, -1];
  for (const delimiter of DELIMITERS) {
    const fields = fieldsOf(line, delimiter);
    const worth = [knownNames(fields), fields.length, Number(delimiter === usual)];
    const differs = worth.findIndex((one, at) => one !== most[at]);
    if (differs >= 0 && worth[differs] > most[differs]) [best, most] = [delimiter, worth];
  }
  return best;
}

/** The last line of a header whose cells may have lines of their own. @param {string} text @param {number} start @param {string} first */
function lastHeaderLine(text, start, first) {
  let [line, at, count] = [first, start, 1];
  let marks = first.split('"').length - 1;
  while (marks % 2 && count < LONGEST_HEADER) {
    const next = lineAt(text, at + line.length);
    if (!next) break;
    at += line.length;
    [line, count] = [next, count + 1];
    marks += next.split('"').length - 1;
  }
  return line;
}

/**
 * How many of the first records stand above the one with the names: a title, the class, a date.
 *
 * @param {string[]} header the first
 * @param {TableRecord[]} below those after it, at least 10 where there are so many
 */
export function rowsAbove(header, below) {
  if (knownNames(header)) return 0;
  for (const [at, fields] of below.slice(0, MOST_ABOVE).entries()) {
    if (!Array.isArray(fields)) return 0;
    if (knownNames(fields) >= FEWEST_NAMES) return at + 1;
  }
  return 0;
}

/** How many rows below the header are part of it, as in Qualtrics. @param {TableRecord[]} below */
export function qualtricsRows(below) {
  const [first, second] = below;
  if (!Array.isArray(first) || !Array.isArray(second)) return 0;
  const cells = second.filter((cell) => !isBlank(cell));
  return cells.length && cells.every((cell) => strip(cell).startsWith(IMPORT_ID)) ? 2 : 0;
}

/** The delimiter that a file's name promises. @param {string} name */
export function usualDelimiter(name) {
  return /\.(tsv|txt)$/.test(folded(name)) ? "\t" : ",";
}

// Whether the quotation marks of a table are text, as in most tables of research.
import { lines } from "./encoding.mjs";
import { Records } from "./records.mjs";
import { isBlank } from "./python_strings.mjs";

// So many fields in quotation marks for each that only begins with one are a quoted table.
const MANY = 3;

/**
 * Whether a table has all its rows only where no field is quoted.
 *
 * @param {Blob} file
 * @param {string} encoding
 * @param {number} columns how many fields its header has; with a single one nothing can be told
 * @param {string} delimiter
 */
export async function quotesAreText(file, encoding, columns, delimiter) {
  if (columns === 1) return false;
  const records = new Records(delimiter, true);
  let [count, enclosed, begun] = [0, 0, 0];
  let [rows, wrong] = [0, false];
  const look = () => {
    for (const record of records.ready) {
      if (!Array.isArray(record)) wrong = true;
      else wrong ||= ++rows > 1 && record.length > 0 && record.length !== columns;
    }
    records.ready = [];
  };
  for await (const line of lines(file, encoding)) {
    const fields = line.replace(/[\r\n]+$/, "").split(delimiter);
    // Blank lines are no rows, and the first may name the separator.
    if (count && !isBlank(line) && fields.length !== columns) return false;
    count++;
    for (const field of fields) {
      if (field[0] !== '"') continue;
      const whole = field.length > 1 && field.endsWith('"') && !field.slice(1, -1).replaceAll('""', "").includes('"');
      if (whole) enclosed++;
      else begun++;
    }
    records.push(line);
    look();
  }
  records.finish();
  look();
  return enclosed <= begun * MANY && (wrong || rows < count);
}

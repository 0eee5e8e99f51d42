// The encoding of a text file, as `kd-edge score` finds it: UTF-8, UTF-16, or Windows-1252 beyond doubt.
import { Letters } from "./letters.mjs";
import { PageError } from "./problems.mjs";
import { usual } from "./usual_names.mjs";
import { isAscii } from "./python_strings.mjs";

/**
 * @typedef {object} TextFile
 * @property {string} encoding as Python calls it
 * @property {boolean} quotes whether it may hold a quotation mark
 */

const BLOCK = 1 << 20;
const CHUNK = 1 << 16;
/** What browsers call the encodings. @type {Record<string, string>} */
const LABELS = {
  "utf-8": "utf-8",
  "utf-8-sig": "utf-8",
  "utf-16-le": "utf-16le",
  "utf-16-be": "utf-16be",
  cp1252: "windows-1252",
};
/** @type {[string, number[]][]} */
const MARKS = [
  ["utf-32", [0xff, 0xfe, 0, 0]],
  ["utf-32", [0, 0, 0xfe, 0xff]],
  ["utf-16", [0xff, 0xfe]],
  ["utf-16", [0xfe, 0xff]],
  ["utf-8-sig", [0xef, 0xbb, 0xbf]],
];
// What Windows-1252 lacks, and browsers read all the same.
const UNDEFINED = /[\x81\x8d\x8f\x90\x9d]/;

/** @param {Uint8Array} bytes @param {number[]} mark */
const startsWith = (bytes, mark) => mark.every((byte, at) => bytes[at] === byte);

/** A file's bytes, block by block. @param {Blob} file @param {number} [size] */
async function* blocks(file, size = BLOCK) {
  for (let at = 0; at < file.size; at += size) {
    yield new Uint8Array(await file.slice(at, at + size).arrayBuffer());
  }
}

/**
 * A file's text, block by block, without a mark at its start.
 *
 * @param {Blob} file
 * @param {string} encoding
 * @returns {AsyncGenerator<{text: string, done: number}>} with how many bytes were read
 */
export async function* texts(file, encoding) {
  let label = LABELS[encoding];
  if (encoding === "utf-16") {
    label = startsWith(new Uint8Array(await file.slice(0, 2).arrayBuffer()), [0xfe, 0xff]) ? "utf-16be" : "utf-16le";
  }
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: encoding === "utf-16-le" || encoding === "utf-16-be" });
  let done = 0;
  for await (const block of blocks(file)) {
    done += block.length;
    yield { text: decoder.decode(block, { stream: true }), done };
  }
  yield { text: decoder.decode(), done };
}

/**
 * The lines of a text, each with its end.
 *
 * @param {Blob} file
 * @param {string} encoding
 */
export async function* lines(file, encoding) {
  let rest = "";
  for await (const { text } of texts(file, encoding)) {
    rest += text;
    let from = 0;
    // The end of a block may part \r from \n.
    for (let end = lineEnd(rest, from); end && end < rest.length; end = lineEnd(rest, from)) {
      yield rest.slice(from, end);
      from = end;
    }
    rest = rest.slice(from);
  }
  for (let from = 0; from < rest.length; ) {
    const end = lineEnd(rest, from) || rest.length;
    yield rest.slice(from, end);
    from = end;
  }
}

/** Where the line that begins at `from` ends; 0 where the text ends before it. @param {string} text @param {number} from */
export function lineEnd(text, from) {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10) return at + 1;
    if (code === 13) return text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1;
  }
  return 0;
}

/**
 * Finds a text file's encoding.
 *
 * @param {Blob} file
 * @returns {Promise<TextFile>}
 * @throws PageError the file is no text, or its encoding is doubtful
 */
export async function examine(file) {
  const found = await utf8(file);
  if (typeof found !== "number") return found;
  return { encoding: await notUtf8(file, found), quotes: true };
}

/** What a file is that is UTF-8; else its first line that is not, 0 where NULs are in it. @param {Blob} file */
async function utf8(file) {
  let [marked, quotes, line] = [false, false, 1];
  let [need, low, high] = [0, 0x80, 0xbf];
  let isFirst = true;
  for await (const block of blocks(file)) {
    if (isFirst) {
      if (startsWith(block, [0xff, 0xfe]) || startsWith(block, [0xfe, 0xff])) return 0;
      marked = startsWith(block, [0xef, 0xbb, 0xbf]);
      isFirst = false;
    }
    for (let from = 0; from < block.length; from += CHUNK) {
      const chunk = block.subarray(from, from + CHUNK);
      if (chunk.includes(0)) return 0;
      for (const byte of chunk) {
        if (need) {
          if (byte < low || byte > high) return line;
          [low, high] = [0x80, 0xbf];
          need--;
        } else if (byte < 0x80) {
          if (byte === 10) line++;
          else if (byte === 0x22) quotes = true;
        } else if (byte >= 0xc2 && byte <= 0xf4) {
          need = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
          low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
          high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
        } else return line;
      }
    }
  }
  return need ? line : { encoding: marked ? "utf-8-sig" : "utf-8", quotes };
}

/** @param {Blob} file @param {number} badLine */
async function notUtf8(file, badLine) {
  const start = new Uint8Array(await file.slice(0, CHUNK).arrayBuffer());
  const marked = MARKS.find(([, mark]) => startsWith(start, mark))?.[0] ?? "";
  if (!badLine) {
    const encoding = marked || unmarkedUtf16(start);
    if (encoding === "utf-32") throw new PageError("utf32");
    if (!encoding) throw new PageError(noText(start));
    await check(file, encoding);
    return encoding;
  }
  if (marked) throw new PageError("startsAsUtf8", { line: badLine });
  if (await isNearlyUtf8(file)) throw new PageError("damagedUtf8", { line: badLine });
  if (await isWestern(file)) return "cp1252";
  throw new PageError("doubtful", { line: badLine });
}

/** @param {Uint8Array} start */
function noText(start) {
  if (startsWith(start, [0x50, 0x4b, 3, 4])) return "spreadsheet";
  return startsWith(start, [0xd0, 0xcf, 0x11, 0xe0]) ? "oldSpreadsheet" : "noText";
}

/** UTF-16 without its mark, where a line's end and all other characters say so. @param {Uint8Array} start */
function unmarkedUtf16(start) {
  for (const encoding of ["utf-16-le", "utf-16-be"]) {
    try {
      const text = new TextDecoder(LABELS[encoding], { fatal: true, ignoreBOM: true }).decode(start, { stream: true });
      if (/[\n\r]/.test(text) && !/[^\r\n\t\xa0\u3000 \p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(text)) return encoding;
    } catch {
      continue;
    }
  }
  return "";
}

/** Refuses a file that is not in an encoding. @param {Blob} file @param {string} encoding */
async function check(file, encoding) {
  let line = 1;
  try {
    for await (const { text } of texts(file, encoding)) {
      const nul = text.indexOf("\0");
      const read = nul < 0 ? text : text.slice(0, nul);
      line += read.split("\n").length - 1;
      if (nul >= 0) throw new PageError("nul", { line, encoding });
    }
  } catch (error) {
    throw error instanceof PageError ? error : new PageError("notInEncoding", { encoding });
  }
}

/** Whether nearly all that is not ASCII is UTF-8: then no other encoding is meant. @param {Blob} file */
async function isNearlyUtf8(file) {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let [whole, damaged] = [0, 0];
  for await (const block of blocks(file)) {
    const text = decoder.decode(block, { stream: true });
    whole += text.match(/[^\x00-\x7f]/gu)?.length ?? 0;
    damaged += text.match(/\ufffd/g)?.length ?? 0;
  }
  const last = decoder.decode().length;
  return (damaged + last) * 3 <= whole - damaged;
}

/** @param {Blob} file */
async function isWestern(file) {
  const letters = new Letters();
  for await (const line of lines(file, "cp1252")) {
    if (!isAscii(line) && UNDEFINED.test(line)) return false;
    letters.add(line);
  }
  return letters.isPlausible(usual().western, usual().people);
}

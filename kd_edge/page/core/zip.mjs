// Reads a zip, and refuses what FORMAT.md, section 1, does not allow.
import { KdEdgeError } from "./errors.mjs";

const DIRECTORY_END = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
const LONGEST_COMMENT = 0xffff;

// Names that are not marked as UTF-8 are in code page 437, of which this is the upper half.
const CODE_PAGE_437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/**
 * @typedef {object} ZipEntry
 * @property {string} name
 * @property {boolean} strange whether it is encrypted, a link, or packed in another way than by deflate
 * @property {boolean} stored whether it is not packed
 * @property {number} crc CRC-32 of its bytes
 * @property {number} packed bytes in the zip
 * @property {number} size bytes unpacked, as the zip says
 * @property {number} at where its local header is
 */

const notBundle = () =>
  new KdEdgeError("This is not a bundle, or an incomplete copy of one: copy the .kdz file again.");

/** @param {string} name */
export const damaged = (name) => new KdEdgeError(`'${name}' is damaged: copy the bundle again.`);

/** @param {string} name */
export const otherSize = (name) =>
  new KdEdgeError(`'${name}' does not have the size in the manifest: copy the bundle again.`);

/**
 * The members of a zip, in the order of its directory.
 *
 * @param {Uint8Array} bytes
 * @returns {ZipEntry[]}
 */
export function zipEntries(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  const least = Math.max(0, end - LONGEST_COMMENT);
  while (end >= least && view.getUint32(end, true) !== DIRECTORY_END) end--;
  if (end < least) throw notBundle();
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  let at = view.getUint32(end + 16, true);
  if (at + size !== end || view.getUint16(end + 8, true) !== count) throw notBundle();
  /** @type {ZipEntry[]} */
  const entries = [];
  while (at < end) {
    if (at + 46 > end || view.getUint32(at, true) !== DIRECTORY_ENTRY) throw notBundle();
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const nameEnd = at + 46 + view.getUint16(at + 28, true);
    const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > end) throw notBundle();
    const isLink = ((view.getUint32(at + 38, true) >>> 16) & 0o170000) === 0o120000;
    entries.push({
      name: nameOf(bytes.subarray(at + 46, nameEnd), (flags & 0x800) !== 0),
      // Bits 5 and 6: patches, and encryption of other kinds.
      strange: (flags & 0x61) !== 0 || (method !== 0 && method !== 8) || isLink,
      stored: method === 0,
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      at: view.getUint32(at + 42, true),
    });
    at = next;
  }
  if (entries.length !== count) throw notBundle();
  return entries;
}

/** @param {Uint8Array} bytes @param {boolean} isUtf8 */
function nameOf(bytes, isUtf8) {
  if (!isUtf8) {
    return Array.from(bytes, (byte) => (byte < 128 ? String.fromCharCode(byte) : CODE_PAGE_437[byte - 128])).join("");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notBundle();
  }
}

/**
 * The bytes of a member: at most one more than `size` is unpacked, whatever the zip says.
 *
 * @param {Uint8Array} bytes the zip
 * @param {ZipEntry} entry
 * @param {number} size unpacked
 */
export async function unzipped(bytes, entry, size) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { at, name } = entry;
  if (at + 30 > bytes.length || view.getUint32(at, true) !== LOCAL_HEADER) throw damaged(name);
  const nameEnd = at + 30 + view.getUint16(at + 26, true);
  const from = nameEnd + view.getUint16(at + 28, true);
  const isUtf8 = (view.getUint16(at + 6, true) & 0x800) !== 0;
  if (from + entry.packed > bytes.length) throw damaged(name);
  if (nameOf(bytes.subarray(at + 30, nameEnd), isUtf8) !== name) throw damaged(name);
  const packed = bytes.subarray(from, from + entry.packed);
  if (entry.stored) {
    if (packed.length !== size) throw otherSize(name);
    if (crc32(packed) !== entry.crc) throw damaged(name);
    return packed.slice();
  }
  return inflated(packed, entry, size);
}

/**
 * Unpacks as a gzip file, for which the zip's CRC-32 is the end: that is known to more browsers than deflate
 * without any wrapping, and checks the CRC-32.
 *
 * @param {Uint8Array} packed
 * @param {ZipEntry} entry
 * @param {number} size
 */
async function inflated(packed, entry, size) {
  const trailer = new DataView(new ArrayBuffer(8));
  trailer.setUint32(0, entry.crc, true);
  trailer.setUint32(4, entry.size, true);
  const header = new Uint8Array([31, 139, 8, 0, 0, 0, 0, 0, 0, 255]);
  const gzip = new Blob([header, /** @type {BlobPart} */ (packed), trailer]);
  const reader = gzip.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const whole = new Uint8Array(size);
  let filled = 0;
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch {
      throw damaged(entry.name);
    }
    if (part.done) break;
    if (filled + part.value.length > size) {
      reader.cancel().catch(() => {});
      throw otherSize(entry.name);
    }
    whole.set(part.value, filled);
    filled += part.value.length;
  }
  if (filled !== size) throw otherSize(entry.name);
  return whole;
}

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let state = -1;
  for (const byte of bytes) {
    state ^= byte;
    for (let bit = 0; bit < 8; bit++) state = (state >>> 1) ^ (state & 1 ? 0xedb88320 : 0);
  }
  return ~state >>> 0;
}

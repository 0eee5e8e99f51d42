// The blocks of data in the page, compressed.
import { bytesOf } from "./seven_bits.mjs";

/** The text of a block. @param {string} id */
export function blockText(id) {
  const block = document.getElementById(id);
  if (!block) throw new Error(`The page has no block '${id}': copy the file again.`);
  return block.textContent ?? "";
}

/** The bytes of a block, unpacked. @param {string} id @returns {Promise<ArrayBuffer>} */
export async function blockBytes(id) {
  return new Response(new Blob([bytesOf(blockText(id))]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

// Bytes as text, seven bits in a character: what seven_bits.py writes.

// What HTML does not keep as it is: these characters stand for it.
const KEPT_AS = "\x80\x81\x82";
const NOT_KEPT = [0, 13, 60];

/** The bytes of a text. @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function bytesOf(text) {
  const bytes = new Uint8Array(Math.floor(((text.length - 1) * 7) / 8));
  let [held, bits, filled] = [0, 0, 0];
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    held = (held << 7) | (code < 128 ? code : NOT_KEPT[KEPT_AS.indexOf(text[at])]);
    bits += 7;
    if (bits < 8) continue;
    bits -= 8;
    bytes[filled++] = held >> bits;
    held &= (1 << bits) - 1;
  }
  // The first character says how many bytes only fill up the last seven.
  return bytes.subarray(0, bytes.length - Number(text[0]));
}

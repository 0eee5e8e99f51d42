// Bytes as text: five characters for four bytes, in the alphabet of assemble.py.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%,()*+-;.=>?@^_/{|}~";

/** The bytes of a text. @param {string} text @returns {Uint8Array<ArrayBuffer>} */
export function bytesOf(text) {
  const values = new Uint8Array(128);
  for (let at = 0; at < ALPHABET.length; at++) values[ALPHABET.charCodeAt(at)] = at;
  const whole = Math.ceil(text.length / 5);
  const view = new DataView(new ArrayBuffer(4 * whole));
  const last = ALPHABET[ALPHABET.length - 1].repeat(5 * whole - text.length);
  const padded = text + last;
  for (let word = 0; word < whole; word++) {
    let value = 0;
    for (let at = 5 * word; at < 5 * word + 5; at++) value = value * 85 + values[padded.charCodeAt(at)];
    view.setUint32(4 * word, value);
  }
  return new Uint8Array(view.buffer, 0, Math.floor((text.length * 4) / 5));
}

// Numbers as Python writes them.

/**
 * A number with so many digits behind the point; of two that are equally near, the even one.
 *
 * @param {number} value
 * @param {number} digits
 */
export function fixed(value, digits) {
  const text = value.toFixed(digits);
  const scaled = Math.abs(value) * 10 ** digits;
  const isTie = scaled % 1 === 0.5 && Number.isInteger(value * 2 ** (digits + 1));
  if (!isTie || Math.floor(scaled) % 2) return text;
  return (Math.sign(value) * (Math.floor(scaled) / 10 ** digits)).toFixed(digits);
}

// Elements of the page, made and found. Text is put in as text, never as HTML.

/** @typedef {Record<string, string | number | boolean | ((event: any) => void)>} Attributes */

const SVG = "http://www.w3.org/2000/svg";

/** The element with an id, which the page has. @param {string} id @returns {any} */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element '${id}': copy the file again.`);
  return element;
}

/**
 * An element: `true` sets an attribute without a value, `false` leaves it out, a function listens.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of a drawing. @param {string} tag @param {Attributes} [attributes] @param {...(Node | string)} children */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * @template {Element} Some
 * @param {Some} element @param {Attributes} attributes @param {(Node | string)[]} children
 */
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Sets a custom property, from which the style takes a length or a share. @param {any} element @param {string} name @param {number} value */
export function setShare(element, name, value) {
  element.style.setProperty(`--${name}`, String(Math.round(value * 1000) / 1000));
  return element;
}

/** Says something to screen readers, and once more where it is the same. @param {string} text */
export function announce(text) {
  const place = byId("announce");
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}

/** Gives a file to save. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A wait that begins anew with each call, so that only the last of many is done. */
export class Pause {
  #timer = 0;

  /** @param {number} length milliseconds */
  constructor(length) {
    this.length = length;
  }

  /** @param {() => void} step */
  start(step) {
    this.stop();
    this.#timer = Number(setTimeout(step, this.length));
  }

  stop() {
    clearTimeout(this.#timer);
  }
}

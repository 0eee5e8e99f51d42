// Takes delimited text apart, as Python's csv module does in strict mode.

/**
 * A row's fields; or what is wrong with it.
 *
 * @typedef {string[] | {key: "notDoubled" | "fieldTooLong" | "neverClosed"}} TableRecord
 */

const [ROW_START, FIELD_START, FIELD, QUOTED, QUOTE_IN_QUOTED, BAD_LINE] = [0, 1, 2, 3, 4, 5];
const [LF, CR, QUOTE] = [10, 13, 34];

// A longer field cannot be a response.
const LONGEST = 16 << 20;

export class Records {
  #delimiter;
  #quoted;
  #strict;
  #state = ROW_START;
  #held = "";
  #field = "";
  /** @type {string[]} */
  #fields = [];
  /** Records that are whole. @type {TableRecord[]} */
  ready = [];

  /**
   * @param {string} delimiter
   * @param {boolean} quoted whether quotation marks enclose fields; if not, they are text
   * @param {boolean} [strict] whether a mark that is not doubled or never closed is wrong
   */
  constructor(delimiter, quoted, strict = true) {
    this.#delimiter = delimiter;
    this.#quoted = quoted;
    this.#strict = strict;
  }

  /** Takes more text. @param {string} more */
  push(more) {
    let text = this.#held + more;
    this.#held = "";
    // Whether a line feed follows decides where the line ends.
    if (text.charCodeAt(text.length - 1) === CR) {
      this.#held = "\r";
      text = text.slice(0, -1);
    }
    this.#read(text);
  }

  /** Takes the end of the text. */
  finish() {
    if (this.#held) this.#read(this.#held);
    this.#held = "";
    if (this.#state === QUOTED) {
      if (this.#strict) this.#refuse("neverClosed");
      else this.#endRow();
    } else if (this.#state !== ROW_START && this.#state !== BAD_LINE) this.#endRow();
    this.#state = ROW_START;
  }

  /** @param {string} text */
  #read(text) {
    const delimiter = this.#delimiter.charCodeAt(0);
    const { length } = text;
    let at = 0;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (this.#state === QUOTED) at = this.#quotedPart(text, at);
      else if (this.#state === BAD_LINE) at = this.#badPart(text, at);
      else if (this.#state === QUOTE_IN_QUOTED) {
        if (code === QUOTE) {
          this.#add('"');
          this.#state = QUOTED;
          at++;
        } else if (code === delimiter || code === LF || code === CR) {
          this.#state = FIELD;
        } else if (this.#strict) {
          this.#refuse("notDoubled");
        } else {
          this.#state = FIELD;
        }
      } else if (code === LF || code === CR) {
        at = code === CR && text.charCodeAt(at + 1) === LF ? at + 2 : at + 1;
        if (this.#state === ROW_START) this.ready.push([]);
        else this.#endRow();
      } else if (code === QUOTE && this.#quoted && this.#state !== FIELD) {
        this.#state = QUOTED;
        at++;
      } else if (code === delimiter) {
        this.#endField();
        this.#state = FIELD_START;
        at++;
      } else {
        let end = at + 1;
        for (; end < length; end++) {
          const next = text.charCodeAt(end);
          if (next === delimiter || next === LF || next === CR) break;
        }
        this.#state = FIELD;
        if (this.#add(text.slice(at, end))) at = end;
      }
    }
  }

  /** @param {string} text @param {number} at */
  #quotedPart(text, at) {
    const mark = text.indexOf('"', at);
    const end = mark < 0 ? text.length : mark;
    if (!this.#add(text.slice(at, end))) return at;
    if (mark < 0) return end;
    this.#state = QUOTE_IN_QUOTED;
    return end + 1;
  }

  /** Leaves out the rest of a line. @param {string} text @param {number} at */
  #badPart(text, at) {
    let end = at;
    while (end < text.length && text.charCodeAt(end) !== LF && text.charCodeAt(end) !== CR) end++;
    if (end === text.length) return end;
    this.#state = ROW_START;
    return text.charCodeAt(end) === CR && text.charCodeAt(end + 1) === LF ? end + 2 : end + 1;
  }

  /** @param {string} part */
  #add(part) {
    if (this.#field.length + part.length > LONGEST) {
      this.#refuse("fieldTooLong");
      return false;
    }
    this.#field += part;
    return true;
  }

  #endField() {
    this.#fields.push(this.#field);
    this.#field = "";
  }

  #endRow() {
    this.#endField();
    this.ready.push(this.#fields);
    this.#fields = [];
    this.#state = ROW_START;
  }

  /** @param {"notDoubled" | "fieldTooLong" | "neverClosed"} key */
  #refuse(key) {
    this.ready.push({ key });
    this.#fields = [];
    this.#field = "";
    this.#state = BAD_LINE;
  }
}

/** The fields of a line, whatever is wrong with it. @param {string} line @param {string} delimiter */
export function fieldsOf(line, delimiter) {
  const records = new Records(delimiter, true, false);
  records.push(line);
  records.finish();
  const first = records.ready[0];
  return Array.isArray(first) ? first : [];
}

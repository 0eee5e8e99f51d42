// From the HTML, entities and LaTeX of rich-text answers to plain text: markup rules 1 of FORMAT.md, section 14.

const WHITE = " \t\n\r\f";

/** @param {string} names */
const wordSet = (names) => new Set(names.split(" "));

// Tags that stand between lines, between words, and within a word.
const LINES = wordSet(
  "address article aside blockquote body br caption center dd details div dl dt fieldset " +
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main nav " +
    "ol p pre section summary table tbody tfoot thead title tr ul",
);
const SPACES = wordSet(
  "audio button canvas col colgroup embed iframe img input label link math meta mfrac mi " +
    "mn mo mover mrow mspace msqrt mroot mstyle mtable mtd mtext mtr munder object option " +
    "picture script select semantics annotation source style svg td textarea th video",
);
const WITHIN = wordSet(
  "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark msub msubsup msup nobr q " +
    "s samp small span strike strong sub sup tt u var wbr",
);
// What is between these and their ends is for no reader.
const HIDDEN = wordSet("script style annotation title");

// Commands of LaTeX that stand for a sign; of the others, but for those below, the name is read.
const SIGNS = new Map(
  Object.entries({
    "×": "times",
    "·": "cdot cdotp",
    "÷": "div",
    "±": "pm",
    "≤": "le leq leqslant",
    "≥": "ge geq geqslant",
    "≠": "ne neq",
    "≈": "approx sim",
    "→": "to rightarrow longrightarrow Rightarrow",
    "←": "leftarrow Leftarrow",
    "<": "lt",
    ">": "gt",
    "°": "circ degree",
    "∞": "infty",
    "μ": "mu",
    "Ω": "Omega",
    "Δ": "Delta",
  }).flatMap(([sign, names]) => names.split(" ").map((name) => [name, sign])),
);
// Commands that say how something looks, and are read as nothing.
const LOOKS = wordSet(
  "left right big Big bigg Bigg displaystyle textstyle limits nolimits text textrm textbf " +
    "textit mathrm mathbf mathit mathsf mathcal operatorname mbox hbox ce quad qquad space",
);
const FRACTIONS = wordSet("frac dfrac tfrac cfrac");

// The 252 entities of HTML 4.01, with their code points in hexadecimal.
const ENTITIES = new Map([["apos", 0x27]]);
for (const pair of (
  "quot 22 amp 26 lt 3c gt 3e nbsp a0 iexcl a1 cent a2 pound a3 curren a4 yen a5 brvbar a6 sect " +
  "a7 uml a8 copy a9 ordf aa laquo ab not ac shy ad reg ae macr af deg b0 plusmn b1 sup2 b2 " +
  "sup3 b3 acute b4 micro b5 para b6 middot b7 cedil b8 sup1 b9 ordm ba raquo bb frac14 bc " +
  "frac12 bd frac34 be iquest bf Agrave c0 Aacute c1 Acirc c2 Atilde c3 Auml c4 Aring c5 AElig " +
  "c6 Ccedil c7 Egrave c8 Eacute c9 Ecirc ca Euml cb Igrave cc Iacute cd Icirc ce Iuml cf ETH " +
  "d0 Ntilde d1 Ograve d2 Oacute d3 Ocirc d4 Otilde d5 Ouml d6 times d7 Oslash d8 Ugrave d9 " +
  "Uacute da Ucirc db Uuml dc Yacute dd THORN de szlig df agrave e0 aacute e1 acirc e2 atilde " +
  "e3 auml e4 aring e5 aelig e6 ccedil e7 egrave e8 eacute e9 ecirc ea euml eb igrave ec iacute " +
  "ed icirc ee iuml ef eth f0 ntilde f1 ograve f2 oacute f3 ocirc f4 otilde f5 ouml f6 divide " +
  "f7 oslash f8 ugrave f9 uacute fa ucirc fb uuml fc yacute fd thorn fe yuml ff OElig 152 oelig " +
  "153 Scaron 160 scaron 161 Yuml 178 fnof 192 circ 2c6 tilde 2dc Alpha 391 Beta 392 Gamma 393 " +
  "Delta 394 Epsilon 395 Zeta 396 Eta 397 Theta 398 Iota 399 Kappa 39a Lambda 39b Mu 39c Nu 39d " +
  "Xi 39e Omicron 39f Pi 3a0 Rho 3a1 Sigma 3a3 Tau 3a4 Upsilon 3a5 Phi 3a6 Chi 3a7 Psi 3a8 " +
  "Omega 3a9 alpha 3b1 beta 3b2 gamma 3b3 delta 3b4 epsilon 3b5 zeta 3b6 eta 3b7 theta 3b8 iota " +
  "3b9 kappa 3ba lambda 3bb mu 3bc nu 3bd xi 3be omicron 3bf pi 3c0 rho 3c1 sigmaf 3c2 sigma " +
  "3c3 tau 3c4 upsilon 3c5 phi 3c6 chi 3c7 psi 3c8 omega 3c9 thetasym 3d1 upsih 3d2 piv 3d6 " +
  "ensp 2002 emsp 2003 thinsp 2009 zwnj 200c zwj 200d lrm 200e rlm 200f ndash 2013 mdash 2014 " +
  "lsquo 2018 rsquo 2019 sbquo 201a ldquo 201c rdquo 201d bdquo 201e dagger 2020 Dagger 2021 " +
  "bull 2022 hellip 2026 permil 2030 prime 2032 Prime 2033 lsaquo 2039 rsaquo 203a oline 203e " +
  "frasl 2044 euro 20ac image 2111 weierp 2118 real 211c trade 2122 alefsym 2135 larr 2190 uarr " +
  "2191 rarr 2192 darr 2193 harr 2194 crarr 21b5 lArr 21d0 uArr 21d1 rArr 21d2 dArr 21d3 hArr " +
  "21d4 forall 2200 part 2202 exist 2203 empty 2205 nabla 2207 isin 2208 notin 2209 ni 220b " +
  "prod 220f sum 2211 minus 2212 lowast 2217 radic 221a prop 221d infin 221e ang 2220 and 2227 " +
  "or 2228 cap 2229 cup 222a int 222b there4 2234 sim 223c cong 2245 asymp 2248 ne 2260 equiv " +
  "2261 le 2264 ge 2265 sub 2282 sup 2283 nsub 2284 sube 2286 supe 2287 oplus 2295 otimes 2297 " +
  "perp 22a5 sdot 22c5 lceil 2308 rceil 2309 lfloor 230a rfloor 230b lang 2329 rang 232a loz " +
  "25ca spades 2660 clubs 2663 hearts 2665 diams 2666"
).match(/\S+ \S+/g) ?? []) {
  const [name, code] = pair.split(" ");
  ENTITIES.set(name, parseInt(code, 16));
}

// What word processors mean by 0x80 to 0x9F.
const WINDOWS_1252 = "€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ";

const TAG_NAME = /<\/?([A-Za-z][A-Za-z0-9]*(?::[A-Za-z0-9]+)?)/y;
const ATTRIBUTE =
  /[ \t\n\r\f]+[^ \t\n\r\f"'<>/=]+([ \t\n\r\f]*=[ \t\n\r\f]*(?:"[^"]*"|'[^']*'|[^ \t\n\r\f"'<>=\x60]+))?/y;
const TAG_END = /[ \t\n\r\f]*\/?>/y;
const ENTITY = /&(?:amp;)*(?:#([0-9]{1,7})|#[xX]([0-9A-Fa-f]{1,6})|([A-Za-z][A-Za-z0-9]*));/y;
const COMMAND = /\\([A-Za-z]+)\*?/y;
// Degrees are not a power.
const DEGREES = /\^(?:\\(?:circ|degree)(?![A-Za-z])|\{\\(?:circ|degree)\})/g;
const ENVIRONMENT = /\{[A-Za-z]*\*?\}/y;

/**
 * A rich-text answer as plain text, by markup rules 1.
 *
 * @param {string} text
 */
export function plainText(text) {
  if (!/[<&$\\]/.test(text)) return text;
  return new MarkupReader(text.replace(DEGREES, " \\circ "))
    .read()
    .replace(/[ \t\n\r\f]+/g, (run) => (/[\n\r]/.test(run) ? "\n" : " "))
    .replace(/^[ \n]/, "")
    .replace(/[ \n]$/, "");
}

/** Reads a text from its start to its end, and never looks far ahead in vain twice. */
class MarkupReader {
  #text;
  #at = 0;
  /** @type {string[]} */
  #read = [];
  /** Braces of LaTeX that are open: true where a fraction's second part may follow. @type {boolean[]} */
  #braces = [];
  /** What does not come any more. @type {Set<string>} */
  #never = new Set();

  /** @param {string} text */
  constructor(text) {
    this.#text = text;
  }

  read() {
    const text = this.#text;
    const special = /[<&$\\{}]/g;
    for (;;) {
      special.lastIndex = this.#at;
      const mark = special.exec(text);
      this.#read.push(text.slice(this.#at, mark ? mark.index : text.length));
      if (!mark) return this.#read.join("");
      this.#at = mark.index;
      if (mark[0] === "<") this.#angle();
      else if (mark[0] === "&") this.#ampersand();
      else if (mark[0] === "\\") this.#backslash();
      else if (mark[0] === "{") this.#open();
      else if (mark[0] === "}") this.#close();
      else {
        this.#at++;
        this.#read.push(" ");
      }
    }
  }

  /** @param {RegExp} pattern @param {number} at */
  #match(pattern, at) {
    pattern.lastIndex = at;
    return pattern.exec(this.#text);
  }

  /** Adds a sign of the text, never so that it begins markup with what follows. @param {string} sign */
  #put(sign) {
    const following = this.#text.slice(this.#at, this.#at + 1);
    const apart = (sign === "<" || sign === "&") && following && !WHITE.includes(following);
    this.#read.push(apart ? `${sign} ` : sign);
  }

  #angle() {
    const text = this.#text;
    const at = this.#at;
    if (text.startsWith("<!--", at) && this.#skipPast("-->", at + 4)) return;
    if ((text.startsWith("<!", at) || text.startsWith("<?", at)) && this.#skipPast(">", at + 2)) {
      this.#read.push(" ");
      return;
    }
    const [name, end] = this.#tag();
    if (!name) {
      this.#at++;
      this.#put("<");
      return;
    }
    this.#at = end;
    if (LINES.has(name)) this.#read.push("\n");
    else if (!WITHIN.has(name)) this.#read.push(" ");
    if (HIDDEN.has(name) && text[at + 1] !== "/") this.#skipPast(`</${name}`, end);
  }

  /**
   * The name of the tag here, in small letters, and where it ends; "" where there is none.
   *
   * @returns {[string, number]}
   */
  #tag() {
    const start = this.#match(TAG_NAME, this.#at);
    if (!start) return ["", 0];
    const name = start[1].toLowerCase();
    if (!name.includes(":") && !LINES.has(name) && !SPACES.has(name) && !WITHIN.has(name)) return ["", 0];
    let at = TAG_NAME.lastIndex;
    let bare = false;
    let valued = false;
    for (let attribute = this.#match(ATTRIBUTE, at); attribute; attribute = this.#match(ATTRIBUTE, at)) {
      at = ATTRIBUTE.lastIndex;
      if (attribute[1] === undefined) bare = true;
      else valued = true;
    }
    // "a<b and c>d" is no tag.
    if (!this.#match(TAG_END, at) || (bare && !valued && name.length === 1)) return ["", 0];
    return [name, TAG_END.lastIndex];
  }

  /** Goes on after what is wanted; whether it comes at all. @param {string} wanted @param {number} start */
  #skipPast(wanted, start) {
    const found = this.#never.has(wanted) ? -1 : this.#find(wanted, start);
    if (found < 0) {
      this.#never.add(wanted);
      return false;
    }
    this.#at = wanted[0] !== "<" ? found + wanted.length : found;
    return true;
  }

  /** @param {string} wanted @param {number} start */
  #find(wanted, start) {
    if (wanted[0] !== "<") return this.#text.indexOf(wanted, start);
    const pattern = new RegExp(wanted, "gi");
    return this.#match(pattern, start)?.index ?? -1;
  }

  #ampersand() {
    const entity = this.#match(ENTITY, this.#at);
    const sign = entity ? signOf(entity) : null;
    if (!entity || sign === null) {
      this.#at++;
      this.#put("&");
      return;
    }
    this.#at += entity[0].length;
    this.#put(sign);
  }

  #backslash() {
    const text = this.#text;
    const command = this.#match(COMMAND, this.#at);
    if (!command) {
      const sign = text.slice(this.#at + 1, this.#at + 2);
      this.#at += 1 + sign.length;
      if (sign === "\\") this.#read.push("\n");
      else if (sign && "%#_{}&".includes(sign)) this.#put(sign);
      else {
        // A delimiter such as \( or \[, a space such as \, or no LaTeX at all.
        this.#read.push(" ");
        if (sign && !"()[],;:! $".includes(sign)) this.#at--;
      }
      return;
    }
    const name = command[1];
    this.#at += command[0].length;
    if (name === "begin" || name === "end") {
      const environment = this.#match(ENVIRONMENT, this.#at);
      if (environment) this.#at += environment[0].length;
      this.#read.push(" ");
      return;
    }
    const shown = SIGNS.get(name);
    if (shown !== undefined) {
      this.#read.push(" ");
      this.#put(shown);
      this.#read.push(" ");
    } else {
      this.#read.push(LOOKS.has(name) || FRACTIONS.has(name) ? " " : ` ${name} `);
    }
    if (text[this.#at] === "{") {
      this.#braces.push(FRACTIONS.has(name));
      this.#at++;
    }
  }

  #open() {
    this.#at++;
    if (this.#braces.length) this.#braces.push(false);
    else this.#read.push("{");
  }

  #close() {
    this.#at++;
    if (!this.#braces.length) {
      this.#read.push("}");
    } else if (this.#braces.pop() && this.#text[this.#at] === "{") {
      this.#braces.push(false);
      this.#at++;
      this.#read.push(" / ");
    } else {
      this.#read.push(" ");
    }
  }
}

/**
 * The character that an entity stands for; null if there is no such name.
 *
 * @param {RegExpExecArray} entity
 */
function signOf(entity) {
  const [, decimal, hexadecimal, name] = entity;
  const code = name ? ENTITIES.get(name) : decimal ? parseInt(decimal, 10) : parseInt(hexadecimal, 16);
  if (code === undefined) return null;
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252[code - 0x80];
  if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return "\ufffd";
  if (code === 0xad) return "";
  return code === 0xa0 || code === 0x24 || code === 0x5c ? " " : String.fromCodePoint(code);
}

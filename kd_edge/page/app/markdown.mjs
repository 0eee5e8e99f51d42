// The model card's Markdown as elements: headings, paragraphs, lists, tables, bold, slanted, code.
import { el } from "./dom.mjs";

const INLINE = /\*\*(.+?)\*\*|\*(.+?)\*|`(.+?)`/g;

/**
 * @param {string} text
 * @param {number} level the level of the text's first heading
 * @returns {HTMLElement[]}
 */
export function markdown(text, level) {
  const blocks = text.replace(/\r\n?/g, "\n").trim().split(/\n{2,}/);
  return blocks.flatMap((block) => blockOf(block.split("\n"), level));
}

/** @param {string[]} lines @param {number} level @returns {HTMLElement[]} */
function blockOf(lines, level) {
  const heading = /^(#{1,6}) +(.*)$/.exec(lines[0]);
  if (heading) {
    const tag = /** @type {"h2"} */ (`h${Math.min(6, heading[1].length + level - 1)}`);
    const rest = lines.slice(1);
    return [el(tag, {}, ...inline(heading[2])), ...(rest.length ? blockOf(rest, level) : [])];
  }
  if (lines.length > 1 && lines[0].startsWith("|")) return [table(lines)];
  if (lines.every((line) => /^[-*] /.test(line))) {
    return [el("ul", {}, ...lines.map((line) => el("li", {}, ...inline(line.slice(2)))))];
  }
  return [el("p", {}, ...inline(lines.join(" ")))];
}

/** @param {string[]} lines */
function table(lines) {
  const [head, , ...rows] = lines.map((line) => line.trim().slice(1, -1).split("|"));
  /** @param {string[]} cells @param {(place: number) => "td" | "th"} tag */
  const row = (cells, tag) => el("tr", {}, ...cells.map((cell, place) => el(tag(place), {}, ...inline(cell.trim()))));
  const body = rows.map((cells) => row(cells, (place) => (place ? "td" : "th")));
  const whole = el("table", {}, el("thead", {}, row(head, (place) => (head[place].trim() ? "th" : "td"))), el("tbody", {}, ...body));
  return el("div", { class: "scroll", tabindex: 0 }, whole);
}

/** @param {string} text @returns {(Node | string)[]} */
function inline(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    parts.push(text.slice(from, found.index));
    const [whole, bold, slanted, code] = found;
    parts.push(bold ? el("strong", {}, bold) : slanted ? el("em", {}, slanted) : el("code", {}, code));
    from = found.index + whole.length;
  }
  return [...parts, text.slice(from)];
}

// The figures of a scored table: how often each score was given, and agreement with people's scores.
import { el, svg } from "./dom.mjs";
import { number, percent, say } from "./words.mjs";

/** @typedef {import("./counts.mjs").ItemCounts} ItemCounts */

const HEIGHT = 150;
const WIDTH = 480;
const LEAST_STEP = 44;
const MOST_STEP = 120;
const LETTER = 9;

/** @param {ItemCounts} counts @param {boolean} isNamed whether the item's name is needed */
export function figuresOf(counts, isNamed) {
  const parts = [distribution(counts)];
  const agreement = counts.agreement;
  if (agreement) parts.push(agreementOf(agreement, counts));
  const name = isNamed ? [el("h3", {}, counts.item.title)] : [];
  return el("div", { class: "card" }, ...name, el("div", { class: "figures" }, ...parts));
}

/** @param {ItemCounts} counts */
function distribution(counts) {
  const { item, plain, withFlag, people } = counts;
  const hasPeople = people.some(Boolean);
  const most = Math.max(...plain.map((one, place) => one + withFlag[place]), ...people, 1);
  const step = Math.min(MOST_STEP, Math.max(LEAST_STEP, WIDTH / item.scores.length));
  const width = item.scores.length * step;
  const wide = step * (hasPeople ? 0.36 : 0.52);
  const drawn = item.scores.flatMap((score, place) => {
    const middle = place * step + step / 2;
    const left = hasPeople ? middle - wide - 1 : middle - wide / 2;
    const sum = plain[place] + withFlag[place];
    const bars = [
      bar("model", left, wide, withFlag[place], plain[place], most),
      bar("flagged", left, wide, 0, withFlag[place], most),
      label(left + wide / 2, top(sum, most) - 5, number(sum)),
      label(middle, HEIGHT + 46, shortened(score, step / LETTER), "name"),
    ];
    if (!hasPeople) return bars;
    const other = label(middle + 1 + wide / 2, top(people[place], most) - 5, number(people[place]));
    return [...bars, bar("people", middle + 1, wide, 0, people[place], most), other];
  });
  const floor = svg("line", { class: "floor", x1: 0, x2: width, y1: HEIGHT + 24, y2: HEIGHT + 24 });
  const words = item.scores.map((score, place) => `${score}: ${number(plain[place] + withFlag[place])}`).join(", ");
  const title = say("distribution");
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${HEIGHT + 56}`, width, role: "img", "aria-label": `${title}. ${words}` }, ...drawn, floor);
  const keys = [key("model", say("small_model")), key("flagged", say("flagged"))];
  if (hasPeople) keys.push(key("people", say("people")));
  return el("figure", {}, el("figcaption", {}, el("strong", {}, title)), drawing, el("p", { class: "legend" }, ...keys));
}

/** @param {string} name @param {string} words */
function key(name, words) {
  return el("span", { class: "key" }, svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("rect", { class: name, width: 12, height: 12 })), words);
}

/** @param {string} name @param {number} most letters */
function shortened(name, most) {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

/** @param {number} count @param {number} most */
function top(count, most) {
  return HEIGHT + 24 - (count / most) * HEIGHT;
}

/** @param {string} name @param {number} x @param {number} width @param {number} below @param {number} count @param {number} most */
function bar(name, x, width, below, count, most) {
  const y = top(below + count, most);
  return svg("rect", { class: name, x, y, width, height: top(below, most) - y });
}

/** @param {number} x @param {number} y @param {string} words @param {string} [name] */
function label(x, y, words, name = "count") {
  return svg("text", { class: name, x, y, "text-anchor": "middle" }, words);
}

/** @param {import("./agreement.mjs").Agreement} agreement @param {ItemCounts} counts */
function agreementOf({ responses, exact, adjacent, qwk }, { item, tally }) {
  const tiles = [tile(percent(exact), say("exact")), tile(number(qwk, 2), say("qwk"))];
  if (adjacent !== null) tiles.splice(1, 0, tile(percent(adjacent), say("adjacent")));
  return el(
    "div",
    {},
    el("h3", {}, say("agreement")),
    el("p", {}, say("agreement_sum", { n: responses, equal: Math.round(exact * responses) })),
    el("dl", { class: "tiles" }, ...tiles),
    el("p", { class: "hint" }, say("agreement_hint")),
    el("details", {}, el("summary", {}, say("score_by_score")), crossTable(item.scores, tally.counts)),
  );
}

/** @param {string} value @param {string} words */
function tile(value, words) {
  return el("div", {}, el("dt", {}, words), el("dd", {}, value));
}

/** @param {readonly string[]} scores @param {readonly number[][]} counts */
function crossTable(scores, counts) {
  const head = scores.map((score) => el("th", { scope: "col" }, score));
  const rows = counts.map((row, person) => {
    const cells = row.map((times, model) => el("td", { class: person === model ? "same" : "" }, number(times)));
    return el("tr", {}, el("th", { scope: "row" }, scores[person]), ...cells);
  });
  const table = el(
    "table",
    {},
    el("caption", {}, say("cross_caption")),
    el("thead", {}, el("tr", {}, el("td"), ...head)),
    el("tbody", {}, ...rows),
  );
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": say("score_by_score") }, table);
}

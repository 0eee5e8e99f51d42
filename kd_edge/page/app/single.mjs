// One response: its score, how sure the small model is, and which words pushed the score where.
import { announce, byId, el, Pause, setShare } from "./dom.mjs";
import { markedParts } from "./pushes.mjs";
import { scoreOne } from "./scoring.mjs";
import { flagReason, number, percent, say } from "./words.mjs";

/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./scoring.mjs").OneScore} OneScore */

const MOST_WORDS = 10;

/** The view of one response. */
export class SingleView {
  #item;
  /** @type {{text: string, score: OneScore} | null} */
  #last = null;
  #asked = 0;
  #pause = new Pause(200);

  /** @param {() => ItemInfo} item the item that is chosen */
  constructor(item) {
    this.#item = item;
    byId("score-one").addEventListener("click", () => this.#score(true));
    byId("clear-one").addEventListener("click", () => this.#clear());
    byId("response").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#score(true);
    });
    byId("response").addEventListener("input", (/** @type {InputEvent} */ event) => {
      const isPasted = event.inputType === "insertFromPaste";
      if (isPasted) this.#score(true);
      else this.#pause.start(() => this.#score(false));
    });
  }

  /** After another item was chosen. */
  itemChanged() {
    if (this.#last) this.#score(false);
  }

  redraw() {
    const { score, text } = this.#last ?? {};
    const place = byId("one-result");
    const isOpen = Boolean(place.querySelector("details")?.open);
    place.replaceChildren(...(score ? drawn(score, text ?? "", this.#item()) : []));
    // What was unfolded stays so while a person types.
    if (isOpen) place.querySelector("details")?.setAttribute("open", "");
  }

  #clear() {
    this.#pause.stop();
    this.#asked += 1;
    this.#last = null;
    byId("response").value = "";
    this.redraw();
    byId("response").focus();
  }

  /** @param {boolean} isAsked by a button or by pasting: then the score is said too */
  async #score(isAsked) {
    this.#pause.stop();
    const asked = ++this.#asked;
    const text = byId("response").value;
    const error = byId("one-error");
    try {
      const score = text || isAsked ? await scoreOne(this.#item().id, text) : null;
      if (asked !== this.#asked) return;
      this.#last = score && { text, score };
      error.hidden = true;
      if (score && isAsked) announce(inWords(score));
    } catch (problem) {
      this.#last = null;
      error.textContent = problem instanceof Error ? problem.message : String(problem);
      error.hidden = false;
    }
    this.redraw();
  }
}

/** @param {OneScore} score */
function inWords({ score, confidence, flags }) {
  const told = say("score_is", { score, sure: percent(confidence) });
  return flags.length ? `${told} ${say("person_should_look")} ${flagReason(flags[0])}` : told;
}

/** @param {OneScore} score @param {string} text @param {ItemInfo} item */
function drawn(score, text, item) {
  const [head, ...notes] = verdict(score, item);
  const parts = [el("div", { class: "card result" }, head, bars(score, item), ...notes)];
  if (item.explains && score.pushes.length) parts.push(el("div", { class: "card" }, ...whyOf(score, text, item)));
  return parts;
}

/** @param {OneScore} score @param {ItemInfo} item */
function verdict(score, item) {
  const { scores } = item;
  const top = scores.reduce((best, one) => (score.probabilities[one] > score.probabilities[best] ? one : best));
  const facts = [
    el("p", { class: "lead" }, say("sure", { sure: percent(score.confidence) })),
    el("p", {}, say("scale", { low: scores[0], high: scores[scores.length - 1] })),
    el("p", {}, say("expected", { expected: number(score.expected, 2) })),
  ];
  const parts = [el("div", { class: "verdict" }, el("p", { class: "big" }, unseen(say("score")), score.score), el("div", {}, ...facts))];
  if (top !== score.score) parts.push(el("p", { class: "hint" }, say("nearest_expected", { score: score.score, top })));
  if (score.flags.length) {
    const reason = flagReason(score.flags[0]);
    parts.push(el("p", { class: "flag" }, el("strong", {}, say("person_should_look")), ` ${reason}`));
  }
  return parts;
}

/** @param {string} text */
function unseen(text) {
  return el("span", { class: "unseen" }, `${text} `);
}

/** The probability of each score. @param {OneScore} score @param {ItemInfo} item */
function bars(score, item) {
  const lines = item.scores.map((one) => {
    const share = score.probabilities[one];
    const bar = setShare(el("span", { class: "bar-of" }), "share", share);
    const name = el("span", { class: "name" }, one);
    return el("li", { class: one === score.score ? "given" : "" }, name, bar, el("span", { class: "share" }, percent(share)));
  });
  return el("div", {}, el("h2", {}, say("probabilities")), el("ul", { class: "bars" }, ...lines));
}

/** @param {OneScore} score @param {string} text @param {ItemInfo} item */
function whyOf(score, text, item) {
  const { scores } = item;
  const parts = markedParts(text, score.pushes, scores).map(({ text: part, pull }) =>
    pull ? setShare(el("mark", { class: pull > 0 ? "up" : "down" }, part), "pull", Math.abs(pull)) : part,
  );
  const up = el("mark", { class: "up" }, say("up"));
  const down = el("mark", { class: "down" }, say("down"));
  const unknown = score.unknown.length ? [el("p", { class: "hint", dir: "auto" }, say("unknown", { words: score.unknown.join(", ") }))] : [];
  return [
    el("h2", {}, say("why")),
    el("p", { class: "hint" }, setShare(up, "pull", 0.8), " ", setShare(down, "pull", 0.8)),
    el("p", { class: "text marked", dir: "auto" }, ...parts),
    el("details", {}, el("summary", {}, say("exactly")), pushTable(score, scores)),
    ...unknown,
  ];
}

/** @param {OneScore} score @param {readonly string[]} scores */
function pushTable({ pushes }, scores) {
  const shown = pushes.slice(0, MOST_WORDS);
  const strongest = Math.max(...shown.flatMap(({ towards }) => Object.values(towards).map(Math.abs)));
  const rows = shown.map(({ word, times, towards }) => {
    const cells = scores.map((one) => {
      const push = towards[one];
      const written = `${push < 0 ? "−" : "+"}${number(Math.abs(push), 2)}`;
      return setShare(el("td", { class: push < 0 ? "down" : "up" }, written), "pull", Math.abs(push) / strongest);
    });
    const name = el("th", { scope: "row", dir: "auto" }, times > 1 ? `${word} ×${times}` : word);
    return el("tr", {}, name, ...cells);
  });
  const head = [say("word"), ...scores].map((name) => el("th", { scope: "col" }, name));
  const table = el(
    "table",
    { class: "pushes" },
    el("caption", {}, say("pushes_caption")),
    el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...rows),
  );
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": say("exactly") }, table);
}

// A person checks scores one after another: confirms or overrules them, by keys or buttons, with a note.
import { announce, byId, el } from "./dom.mjs";
import { keyOfScore, nextOpen, scoreOfKey } from "./review.mjs";
import { flagReason, percent, say } from "./words.mjs";

/** @typedef {import("./filters.mjs").ShownRow} ShownRow */
/** @typedef {import("./review.mjs").Review} Review */
/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./words.mjs").Key} Key */

/** @type {[string, Key][]} */
const KEYS = [["Enter", "key_confirm"], ["← →", "key_move"], ["N", "key_note"], ["Esc", "key_close"]];

/** The window in which scores are checked. */
export class ReviewDialog {
  #items;
  #review;
  #dialog = /** @type {HTMLDialogElement} */ (byId("review"));
  /** @type {ShownRow[]} */
  #rows = [];
  #place = 0;

  /**
   * @param {ReadonlyMap<string, ItemInfo>} items
   * @param {() => Review} review
   * @param {(row: ShownRow) => void} closed gets the row that was looked at last
   */
  constructor(items, review, closed) {
    this.#items = items;
    this.#review = review;
    byId("review-close").addEventListener("click", () => this.#dialog.close());
    byId("review-back").addEventListener("click", () => this.#move(-1));
    byId("review-next").addEventListener("click", () => this.#move(1));
    byId("review-confirm").addEventListener("click", () => this.#decide(this.#row.score));
    byId("review-note").addEventListener("input", () => this.#review().note(this.#row.at, byId("review-note").value));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("close", () => closed(this.#row));
  }

  get #row() {
    return this.#rows[this.#place];
  }

  get #scores() {
    return /** @type {ItemInfo} */ (this.#items.get(this.#row.item)).scores;
  }

  /** @param {ShownRow[]} rows @param {number} from the place to start at; -1 for the first that nobody checked */
  open(rows, from) {
    this.#rows = rows;
    const order = rows.map(({ at }) => at);
    this.#place = from < 0 ? Math.max(0, nextOpen(order, -1, this.#review().decisions)) : from;
    this.#dialog.showModal();
    this.#show();
  }

  /** Shows another response from its start. */
  #show() {
    this.redraw();
    byId("review-text").scrollTop = 0;
    byId("review-title").focus();
    announce(`${byId("review-flag").textContent} ${byId("review-model").textContent}`);
  }

  redraw() {
    if (!this.#dialog.open) return;
    const row = this.#row;
    const { score, note } = this.#review().of(row.at);
    const isFlagged = row.flags.length > 0;
    const title = say("check_title", { place: this.#place + 1, n: this.#rows.length });
    byId("review-title").textContent = row.id ? `${title} · ${row.id}` : title;
    byId("review-flag").hidden = !isFlagged;
    byId("review-flag").textContent = isFlagged ? flagReason(row.flags[0]) : "";
    byId("review-text").textContent = row.text || "—";
    const model = say("model_says", { score: row.score, sure: percent(row.confidence) });
    byId("review-model").textContent = row.human ? `${model} ${say("people_say", { score: row.human })}` : model;
    byId("review-scores").replaceChildren(...this.#scores.map((one, place) => this.#button(one, place, score)));
    byId("review-note").value = note;
    byId("review-confirm").textContent = say("confirm", { score: row.score });
    byId("review-back").disabled = this.#place === 0;
    byId("review-next").disabled = this.#place === this.#rows.length - 1;
    byId("review-rubric").textContent = this.#items.get(row.item)?.rubric || say("no_rubric");
    this.#listKeys();
  }

  #listKeys() {
    const keys = this.#scores.map((score, place, scores) => keyOfScore(score, place, scores)).filter(Boolean);
    /** @type {[string, Key][]} */
    const all = [[`${keys[0]} – ${keys[keys.length - 1]}`, "key_score"], ...KEYS];
    byId("key-list").replaceChildren(...all.map(([key, words]) => el("li", {}, el("kbd", {}, key), ` ${say(words)}`)));
  }

  /** @param {string} score @param {number} place @param {string} given the person's score */
  #button(score, place, given) {
    const key = keyOfScore(score, place, this.#scores);
    const hint = key && key !== score ? [el("kbd", { "aria-hidden": "true" }, key)] : [];
    const name = score === this.#row.score ? "of-model" : "";
    const pressed = String(score === given);
    return el("button", { type: "button", class: name, "aria-pressed": pressed, click: () => this.#decide(score) }, score, ...hint);
  }

  /** Takes a score, or takes it back where it is the person's already. @param {string} score */
  #decide(score) {
    const row = this.#row;
    const isBack = this.#review().of(row.at).score === score;
    this.#review().decide(row.at, isBack ? "" : score);
    if (!isBack && this.#place < this.#rows.length - 1) {
      this.#move(1);
      return;
    }
    this.redraw();
    byId("review-title").focus();
    announce(isBack ? say("taken_back") : say("was_last"));
  }

  /** @param {number} step */
  #move(step) {
    const place = this.#place + step;
    if (place < 0 || place >= this.#rows.length) return;
    this.#place = place;
    this.#show();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key, target } = event;
    const isInNote = target === byId("review-note");
    const isCommand = event.ctrlKey || event.metaKey;
    if (key === "Enter" && isInNote && isCommand) this.#decide(this.#row.score);
    else if (key === "Escape" && isInNote) byId("review-title").focus();
    else if (isInNote || isCommand || event.altKey || !byId("keys-on").checked || !this.#plainKey(key, target)) return;
    event.preventDefault();
  }

  /** Does what a key of its own means; whether it means something. @param {string} key @param {EventTarget | null} target */
  #plainKey(key, target) {
    const score = scoreOfKey(key, this.#scores);
    const isOnControl = target instanceof Element && target.matches("button, summary, input");
    if (score !== undefined) this.#decide(score);
    else if (key === "Enter" && !isOnControl) this.#decide(this.#row.score);
    else if (key === "ArrowLeft") this.#move(-1);
    else if (key === "ArrowRight") this.#move(1);
    else if (key.toLowerCase() === "n") byId("review-note").focus();
    else return false;
    return true;
  }
}

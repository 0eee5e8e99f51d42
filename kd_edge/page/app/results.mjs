// The scored table: figures, filters and rows.
import { ItemCounts } from "./counts.mjs";
import { byId, el, Pause, setShare } from "./dom.mjs";
import { figuresOf } from "./figures.mjs";
import { chosenRows, inOrder, ORDERS, SHOWN } from "./filters.mjs";
import { RowGrid } from "./grid.mjs";
import { number, percent, say } from "./words.mjs";

/** @typedef {import("./filters.mjs").ShownRow} ShownRow */
/** @typedef {import("./review.mjs").Review} Review */
/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./scoring.mjs").Row} Row */
/** @typedef {import("./words.mjs").Key} Key */

const CHOICES = ["show", "order", "only-score", "only-item"];

/** Scored rows on the screen. */
export class Results {
  /** @type {ShownRow[]} */
  rows = [];
  /** @type {Map<string, ItemCounts>} */
  #counts = new Map();
  /** Places in `rows`. */
  #order = new Uint32Array();
  #chosen = 0;
  /** The numbers of flagged rows. @type {Set<number>} */
  #flagged = new Set();
  #items;
  #review;
  #grid;

  /**
   * @param {ReadonlyMap<string, ItemInfo>} items
   * @param {() => Review} review
   * @param {(rows: ShownRow[], from: number) => void} check lets a person check rows, from one of them
   */
  constructor(items, review, check) {
    this.#items = items;
    this.#review = review;
    /** @param {number} place */
    const checkFrom = (place) => check(Array.from(this.#order, (at) => this.rows[at]), place);
    this.#grid = new RowGrid(byId("rows"), (place) => this.#cells(place), checkFrom);
    byId("check").addEventListener("click", () => checkFrom(-1));
    byId("check-flagged").addEventListener("click", async () => {
      byId("show").value = "open";
      await this.#choose();
      checkFrom(-1);
    });
    for (const id of CHOICES) byId(id).addEventListener("change", () => this.#choose());
    const pause = new Pause(200);
    byId("search").addEventListener("input", () => pause.start(() => this.#choose()));
  }

  clear() {
    this.rows = [];
    this.#order = new Uint32Array();
    this.#grid.show(0);
    this.#counts.clear();
    this.#flagged.clear();
    byId("search").value = "";
    for (const id of CHOICES) byId(id).replaceChildren();
  }

  /** @param {readonly Row[]} rows */
  add(rows) {
    for (const row of rows) {
      const item = /** @type {ItemInfo} */ (this.#items.get(row.item));
      const differs = row.humanClass >= 0 && item.scores[row.humanClass] !== row.score;
      this.rows.push(Object.assign(row, { differs, lower: row.text.toLowerCase() }));
      if (row.flags.length) this.#flagged.add(row.at);
      if (!this.#counts.has(row.item)) this.#counts.set(row.item, new ItemCounts(item));
      this.#counts.get(row.item)?.add(row);
    }
  }

  get hasPeople() {
    return [...this.#counts.values()].some((counts) => counts.people.some(Boolean));
  }

  /** How many flagged responses nobody checked. */
  get #open() {
    let open = this.#flagged.size;
    for (const [at, { score }] of this.#review().decisions) if (score && this.#flagged.has(at)) open -= 1;
    return open;
  }

  /** Draws all anew: after the last row, or in another language. */
  redraw() {
    const isNamed = this.#counts.size > 1;
    byId("figures").replaceChildren(...[...this.#counts.values()].map((counts) => figuresOf(counts, isNamed)));
    const shown = SHOWN.filter((name) => name !== "differs" || this.hasPeople);
    fill("show", shown.map((name) => [name, say(/** @type {Key} */ (`show_${name}`))]));
    fill("order", ORDERS.map((name) => [name, say(/** @type {Key} */ (`order_${name}`))]));
    const scores = new Set([...this.#counts.values()].flatMap(({ item }) => item.scores));
    fill("only-score", [["", say("every_score")], ...[...scores].map((score) => /** @type {[string, string]} */ ([score, score]))]);
    fill("only-item", [["", say("every_item")], ...[...this.#counts.values()].map(({ item }) => /** @type {[string, string]} */ ([item.id, item.title]))]);
    byId("only-item-label").hidden = !isNamed;
    /** @type {Key[]} */
    const names = ["response", "score", "confidence", "look_at", "people_short", "yours"];
    this.#grid.setHead([say("row"), ...names.map((name) => say(name))]);
    byId("rows").classList.toggle("with-people", this.hasPeople);
    return this.#choose();
  }

  /** After a person decided. */
  refresh() {
    this.#sumUp();
    this.#grid.refresh();
  }

  /** @param {ShownRow} row makes it the active one, where it is shown */
  activate(row) {
    const place = this.#order.findIndex((at) => this.rows[at] === row);
    if (place >= 0) this.#grid.activate(place);
  }

  async #choose() {
    const chosen = ++this.#chosen;
    // In steps, between which the browser can draw and listen.
    await nextTask();
    const found = chosenRows(this.rows, this.#review().decisions, {
      show: byId("show").value,
      score: byId("only-score").value,
      item: byId("only-item").value,
      words: byId("search").value,
    });
    await nextTask();
    if (chosen !== this.#chosen) return;
    this.#order = inOrder(found, this.rows, byId("order").value);
    this.#grid.show(this.#order.length);
    this.#sumUp();
  }

  #sumUp() {
    const n = this.rows.length;
    byId("shown").textContent = say("shown", { n, shown: this.#order.length });
    byId("check").disabled = !this.#order.length;
    const sum = say("results_sum", { n, flagged: this.#flagged.size });
    const open = this.#open;
    byId("check-flagged").textContent = say("check_flagged", { n: open });
    byId("check-flagged").hidden = !open;
    const done = this.#review().scored;
    byId("results-sum").textContent = done ? `${sum} ${say("reviewed_sum", { n: done })}` : sum;
  }

  /** @param {number} place */
  #cells(place) {
    const row = this.rows[this.#order[place]];
    const { score, note } = this.#review().of(row.at);
    const sure = setShare(el("span", { class: "bar-of" }), "share", row.confidence);
    const flag = row.flags.length ? `⚑ ${say(/** @type {Key} */ (`short_${row.flags[0]}`))}` : "";
    const yours = score && (score === row.score ? "✓ " : "→ ") + score;
    /** @param {string} name @param {...(Node | string)} parts */
    const cell = (name, ...parts) => el("span", { role: "gridcell", class: name }, ...parts);
    return [
      cell("at", row.id || number(row.at)),
      el("span", { role: "gridcell", class: "words", dir: "auto" }, row.text || "—"),
      cell("score", row.score),
      cell("sure", sure, percent(row.confidence)),
      cell("look", flag),
      cell(row.differs ? "person differs" : "person", row.human),
      cell(score && score !== row.score ? "yours overruled" : "yours", yours, note ? " ✎" : ""),
    ];
  }
}

function nextTask() {
  return new Promise((resolve) => setTimeout(resolve));
}

/** The options of a choice; what was chosen stays. @param {string} id @param {[string, string][]} options */
function fill(id, options) {
  const choice = byId(id);
  const { value } = choice;
  choice.replaceChildren(...options.map(([name, words]) => new Option(words, name)));
  choice.value = options.some(([name]) => name === value) ? value : options[0][0];
}

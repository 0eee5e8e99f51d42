// A table of responses: chosen, scored in a stream, checked by a person, saved.
import { announce, byId, download, el, Pause } from "./dom.mjs";
import { askColumns } from "./import_view.mjs";
import { Review } from "./review.mjs";
import { ReviewDialog } from "./review_dialog.mjs";
import { Results } from "./results.mjs";
import { readHeader, saveTable, scoreTable } from "./scoring.mjs";
import { hashOf, Keeper, readReview, writeReview } from "./storage.mjs";
import { percent, say } from "./words.mjs";

/** @typedef {import("./scoring.mjs").Columns} Columns */
/** @typedef {import("./scoring.mjs").Header} Header */
/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./scoring.mjs").Progress} Progress */
/** @typedef {import("./storage.mjs").Kept} Kept */
/** @typedef {import("./scoring.mjs").TableScored} TableScored */
/** @typedef {{file: File, header: Header, columns: Columns, hash: string, scored: TableScored | null}} Table */

const TABLE_STEPS = ["file", "columns", "progress", "results"];
const QUARTER = 0.25;

/** The view of a table. */
export class TableView {
  #page;
  #item;
  #step = "file";
  /** @type {Table | null} */
  #table = null;
  #review = new Review([], () => {});
  /** @type {AbortController | null} */
  #work = null;
  #keeper = new Keeper(() => localStorage);
  /** After the last decision, until they are kept. */
  #pause = new Pause(300);
  #results;
  #dialog;

  /** @param {import("./scoring.mjs").Page} page @param {() => ItemInfo} item the item that is chosen */
  constructor(page, item) {
    this.#page = page;
    this.#item = item;
    const items = new Map(page.items.map((one) => [one.id, one]));
    const review = () => this.#review;
    this.#dialog = new ReviewDialog(items, review, (row) => {
      this.#results.refresh();
      this.#results.activate(row);
      byId("rows").focus();
    });
    this.#results = new Results(items, review, (rows, from) => this.#dialog.open(rows, from));
    this.#listen();
  }

  /** Of all bundles of the page. */
  get #bundles() {
    return this.#page.bundles.map(({ hash }) => hash).join("+");
  }

  #listen() {
    byId("file").addEventListener("change", () => this.#choose(byId("file").files[0]));
    byId("score-table").addEventListener("click", () => this.#score());
    byId("cancel").addEventListener("click", () => this.#work?.abort());
    byId("save-table").addEventListener("click", () => this.#save());
    byId("save-review").addEventListener("click", () => this.#saveReview());
    byId("load-review").addEventListener("change", () => this.#loadReview(byId("load-review").files[0]));
    byId("delete-all").addEventListener("click", () => this.#askDelete());
    byId("sure-no").addEventListener("click", () => byId("sure").close());
    byId("sure-yes").addEventListener("click", () => this.#deleteAll());
    for (const button of document.querySelectorAll(".other-file")) {
      button.addEventListener("click", () => this.#leave());
    }
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("pagehide", () => this.#keepNow());
  }

  /** A file that was chosen or dropped. @param {File | undefined} file */
  async #choose(file) {
    if (!file) return;
    byId("file").value = "";
    this.#leave();
    await this.#trying(async () => {
      const header = await readHeader(file);
      this.#table = { file, header, columns: { ...header.guess, itemId: this.#item().id }, hash: "", scored: null };
      this.#show("columns");
    });
  }

  /** @param {File} file */
  drop(file) {
    this.#work?.abort();
    return this.#choose(file);
  }

  async #score() {
    const table = /** @type {Table} */ (this.#table);
    this.#work = new AbortController();
    const { signal } = this.#work;
    this.#results.clear();
    this.#progress({ done: 0, of: table.file.size, rows: 0, secondsLeft: null });
    this.#show("progress");
    let said = QUARTER;
    await this.#trying(async () => {
      const hash = hashOf(table.file).catch(() => "");
      table.scored = await scoreTable(table.file, table.columns, {
        onRows: (rows) => this.#results.add(rows),
        onProgress: (progress) => {
          this.#progress(progress);
          if (progress.done / progress.of < said) return;
          said += QUARTER;
          announce(byId("progress-words").textContent);
        },
        signal,
      });
      table.hash = await hash;
      const kept = this.#keeper.find(this.#bundles, table.hash);
      this.#restore(kept?.decisions ?? []);
      this.#show("results");
      if (kept) this.#tell(say("kept_found", { n: kept.decisions.length }));
    });
    if (this.#step === "progress") {
      this.#show("columns");
      if (signal.aborted) this.#tell(say("cancelled"));
    }
    this.#work = null;
  }

  /** @param {Progress} progress */
  #progress({ done, of, rows, secondsLeft }) {
    byId("progress").max = of || 1;
    byId("progress").value = done;
    const told = say("progress_words", { share: percent(of ? done / of : 0), n: rows });
    const left = secondsLeft === null ? "" : ` ${say("seconds_left", { n: Math.ceil(secondsLeft) })}`;
    byId("progress-words").textContent = told + left;
  }

  /** @param {Iterable<[number, import("./review.mjs").Decision]>} decisions */
  #restore(decisions) {
    this.#review = new Review(decisions, () => this.#pause.start(() => this.#keepNow()));
  }

  /** @returns {Kept | null} */
  #kept() {
    if (!this.#table?.hash) return null;
    const { file, hash } = this.#table;
    const { decisions } = this.#review;
    return { bundles: this.#bundles, table: hash, name: file.name, rows: this.#results.rows.length, decisions: [...decisions] };
  }

  #keepNow() {
    this.#pause.stop();
    const kept = this.#step === "results" ? this.#kept() : null;
    if (kept) this.#keeper.keep(kept);
    byId("kept-here").textContent = kept && this.#keeper.works ? say("kept_here") : say("not_kept");
  }

  async #save() {
    const { file, columns } = /** @type {Table} */ (this.#table);
    const button = byId("save-table");
    button.disabled = true;
    await this.#trying(async () => {
      const table = await saveTable(file, columns, new Map(this.#review.decisions), undefined, ({ done, of }) => {
        button.textContent = say("saving", { share: percent(of ? done / of : 0) });
      });
      download(table, `${stem(file.name)}-scored.csv`);
      this.#tell(say("saved"));
    });
    button.disabled = false;
    button.textContent = say("save_table");
  }

  #saveReview() {
    const kept = this.#kept();
    if (!kept) return;
    download(new Blob([writeReview(kept)], { type: "application/json" }), `${stem(kept.name)}-review.json`);
    this.#tell(say("review_saved"));
  }

  /** @param {File | undefined} file */
  async #loadReview(file) {
    if (!file) return;
    byId("load-review").value = "";
    await this.#trying(async () => {
      const kept = readReview(await file.text());
      if (!kept) throw new Error(say("no_review", { name: file.name }));
      if (kept.bundles !== this.#bundles) throw new Error(say("other_bundle", { name: file.name }));
      const isOpen = this.#step === "results";
      if (isOpen && kept.table !== this.#table?.hash) throw new Error(say("other_table", { name: kept.name }));
      this.#keeper.keep(kept);
      if (isOpen) this.#restore(kept.decisions);
      this.redraw();
      this.#tell(say(isOpen ? "review_loaded" : "review_loaded_choose", { n: kept.decisions.length, name: kept.name }));
    });
  }

  #askDelete() {
    byId("sure-words").textContent = say("sure_delete", { n: this.#keeper.tables });
    byId("sure").showModal();
  }

  #deleteAll() {
    this.#pause.stop();
    this.#keeper.deleteAll();
    byId("sure").close();
    this.#restore([]);
    this.redraw();
    this.#tell(say("deleted"));
  }

  /** Back to the choice of a file. */
  #leave() {
    this.#keepNow();
    this.#work?.abort();
    this.#table = null;
    this.#results.clear();
    this.#restore([]);
    this.#show("file");
  }

  /** @param {string} step */
  #show(step) {
    this.#step = step;
    for (const one of TABLE_STEPS) byId(`step-${one}`).hidden = one !== step;
    this.redraw();
    if (step !== "file") byId(`${step}-title`).focus();
  }

  redraw() {
    const kept = this.#keeper.all(this.#bundles).map(({ name, decisions }) => el("li", {}, say("kept_line", { name, n: decisions.length })));
    byId("kept").replaceChildren(...(kept.length ? [el("ul", {}, ...kept)] : []));
    byId("progress-title").textContent = byId("results-title").textContent = this.#table?.file.name ?? "";
    if (this.#step === "columns" && this.#table) askColumns(this.#table.file.name, this.#table.header, this.#table.columns, this.#page.items);
    if (this.#step === "results") {
      this.#results.redraw();
      byId("left-out").replaceChildren(...leftOut(this.#table?.scored ?? null));
      this.#keepNow();
    }
    this.#dialog.redraw();
  }

  /** What went well. @param {string} words */
  #tell(words) {
    byId("table-news").textContent = words;
    byId("table-news").hidden = false;
  }

  /** Does a step and says what is wrong with it. @param {() => Promise<void>} step */
  async #trying(step) {
    byId("table-error").hidden = byId("table-news").hidden = true;
    try {
      await step();
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      byId("table-error").textContent = error instanceof Error ? error.message : String(error);
      byId("table-error").hidden = false;
    }
  }
}

/** The rows that could not be scored, and why. @param {TableScored | null} scored @returns {Node[]} */
function leftOut(scored) {
  if (!scored?.bad) return [];
  const lines = scored.problems.map(({ row, sentence }) => el("li", { dir: "auto" }, `${say("row_number", { n: row })}: ${sentence}`));
  const summary = el("summary", {}, say("left_out", { n: scored.bad }));
  return [el("details", { class: "flag" }, summary, el("ul", {}, ...lines))];
}

/** @param {string} name a file's */
function stem(name) {
  return name.replace(/\.[^.]*$/, "");
}

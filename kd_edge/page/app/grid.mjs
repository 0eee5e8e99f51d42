// A table of any length, of which only the rows in sight are drawn.
import { el } from "./dom.mjs";

const SPARE = 8; // rows drawn above and below those in sight

/** @typedef {(place: number) => Node[]} DrawCells the cells of a row */

/** A grid for the keyboard: one row is active, Enter opens it. */
export class RowGrid {
  #grid;
  #draw;
  #open;
  #head = el("div", { role: "rowgroup", class: "grid-head" });
  #body = el("div", { role: "rowgroup", class: "grid-body" });
  #count = 0;
  #active = 0;
  #height = 48;
  #drawn = "";

  /** @param {HTMLElement} grid @param {DrawCells} draw @param {(place: number) => void} open */
  constructor(grid, draw, open) {
    this.#grid = grid;
    this.#draw = draw;
    this.#open = open;
    grid.replaceChildren(this.#head, this.#body);
    grid.addEventListener("scroll", () => requestAnimationFrame(() => this.#drawVisible()), { passive: true });
    grid.addEventListener("keydown", (event) => this.#key(event));
    grid.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.refresh()).observe(grid);
  }

  /** @param {readonly string[]} names */
  setHead(names) {
    const cells = names.map((name) => el("span", { role: "columnheader" }, name));
    this.#head.replaceChildren(el("div", { role: "row", class: "row", "aria-rowindex": 1 }, ...cells));
  }

  /** Shows so many rows, from the first. @param {number} count */
  show(count) {
    this.#count = count;
    this.#active = 0;
    this.#grid.scrollTop = 0;
    this.#grid.setAttribute("aria-rowcount", String(count + 1));
    this.refresh();
  }

  /** Draws the rows in sight anew. */
  refresh() {
    this.#drawn = "";
    const example = this.#body.firstElementChild;
    if (example instanceof HTMLElement && example.offsetHeight) this.#height = example.offsetHeight;
    this.#body.style.height = `${this.#count * this.#height}px`;
    this.#drawVisible();
    // Only now is a first row there to be measured.
    const row = this.#body.firstElementChild;
    if (row instanceof HTMLElement && row.offsetHeight && row.offsetHeight !== this.#height) this.refresh();
  }

  /** Makes a row the active one and brings it into sight. @param {number} place */
  activate(place) {
    this.#active = Math.max(0, Math.min(place, this.#count - 1));
    const above = this.#head.offsetHeight;
    const top = this.#active * this.#height;
    const room = this.#grid.clientHeight - above;
    if (top < this.#grid.scrollTop) this.#grid.scrollTop = top;
    else if (top + this.#height > this.#grid.scrollTop + room) this.#grid.scrollTop = top + this.#height - room;
    this.#drawn = "";
    this.#drawVisible();
  }

  #drawVisible() {
    const { scrollTop, clientHeight } = this.#grid;
    const from = Math.max(0, Math.floor(scrollTop / this.#height) - SPARE);
    const to = Math.min(this.#count, Math.ceil((scrollTop + clientHeight) / this.#height) + SPARE);
    const drawn = `${from} ${to} ${this.#active}`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const rows = [];
    for (let place = from; place < to; place++) rows.push(this.#row(place));
    this.#body.replaceChildren(...rows);
    const isActiveDrawn = this.#active >= from && this.#active < to;
    if (isActiveDrawn) this.#grid.setAttribute("aria-activedescendant", `row-${this.#active}`);
    else this.#grid.removeAttribute("aria-activedescendant");
  }

  /** @param {number} place */
  #row(place) {
    const name = place === this.#active ? "row active" : "row";
    const row = el("div", { role: "row", id: `row-${place}`, class: name, "aria-rowindex": place + 2 }, ...this.#draw(place));
    row.style.transform = `translateY(${place * this.#height}px)`;
    return row;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.#count) return;
    const page = Math.max(1, Math.floor(this.#grid.clientHeight / this.#height) - 2);
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -this.#count, End: this.#count };
    if (event.key in steps) this.activate(this.#active + steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") this.#open(this.#active);
    else return;
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = event.target instanceof Element ? event.target.closest(".grid-body > .row") : null;
    if (!row) return;
    this.activate(Number(row.id.slice("row-".length)));
    this.#open(this.#active);
  }
}

// A table on its way in: which columns hold what, and a look at its first rows.
import { byId, el } from "./dom.mjs";
import { say } from "./words.mjs";

/** @typedef {import("./scoring.mjs").Columns} Columns */
/** @typedef {import("./scoring.mjs").Header} Header */
/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./words.mjs").Key} Key */

const ROWS = 4;

/** @type {("text" | "id" | "score" | "item")[]} */
const ROLES = ["text", "id", "score", "item"];

/**
 * Asks which columns hold what, with what was guessed chosen.
 *
 * @param {string} name the file's
 * @param {Header} header
 * @param {Columns} columns what is chosen; changed with the choices
 * @param {readonly ItemInfo[]} items
 */
export function askColumns(name, header, columns, items) {
  byId("columns-title").textContent = name;
  byId("columns-note").textContent = header.note;
  const roles = ROLES.filter((role) => role !== "item" || items.length > 1);
  const fields = roles.map((role) => field(role, header, columns));
  if (items.length > 1) fields.push(itemField(columns, items));
  byId("column-fields").replaceChildren(...fields);
  drawSample(header, columns);
}

/** @param {"text" | "id" | "score" | "item"} role @param {Header} header @param {Columns} columns */
function field(role, header, columns) {
  const none = new Option(say(role === "text" ? "choose" : "none"), "");
  const options = header.columns.map((column, at) => new Option(column || say("column", { n: at + 1 }), String(at)));
  const choice = el("select", { id: `column-${role}` }, none, ...options);
  choice.value = String(columns[role] ?? "");
  choice.addEventListener("change", () => {
    columns[role] = choice.value === "" ? null : Number(choice.value);
    if (role === "item") byId("column-whole").disabled = columns.item !== null;
    drawSample(header, columns);
  });
  return el("label", {}, el("span", {}, say(/** @type {Key} */ (`column_${role}`))), choice);
}

/** Which item all rows answer, where no column says it. @param {Columns} columns @param {readonly ItemInfo[]} items */
function itemField(columns, items) {
  const choice = el("select", { id: "column-whole" }, ...items.map(({ id, title }) => new Option(title, id)));
  choice.value = columns.itemId ?? items[0].id;
  choice.disabled = columns.item !== null;
  choice.addEventListener("change", () => (columns.itemId = choice.value));
  return el("label", {}, el("span", {}, say("all_answer")), choice);
}

/** @param {Header} header @param {Columns} columns */
function drawSample({ columns: names, sample }, columns) {
  byId("score-table").disabled = columns.text === null;
  /** @param {number} at */
  const role = (at) => ROLES.find((one) => columns[one] === at);
  /** @param {number} at @param {string} [more] */
  const look = (at, more = "") => ({ class: `${role(at) ? "used" : ""} ${role(at) === "text" ? "long" : ""} ${more}`.trim() });
  const head = names.map((name, at) => {
    const used = role(at);
    const kind = used ? [el("span", { class: "role" }, say(/** @type {Key} */ (`role_${used}`)))] : [];
    return el("th", { scope: "col", dir: "auto", ...look(at) }, name || say("column", { n: at + 1 }), ...kind);
  });
  const rows = sample.slice(0, ROWS).map((cells) => el("tr", {}, ...names.map((_, at) => el("td", { dir: "auto", ...look(at) }, cells[at] ?? ""))));
  byId("sample").replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
}

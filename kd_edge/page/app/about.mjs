// The item: its question, its rubric, the model card, and which bundle the page scores with.
import { byId, el } from "./dom.mjs";
import { markdown } from "./markdown.mjs";
import { say } from "./words.mjs";

/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */
/** @typedef {import("./scoring.mjs").Page} Page */

/** The question and the rubric beside a response. @param {ItemInfo} item */
export function drawQuestion(item) {
  byId("question").replaceChildren(
    el("h2", {}, item.title),
    ...textOr(item.prompt, say("no_prompt")),
    el("details", {}, el("summary", {}, say("rubric")), ...textOr(item.rubric, say("no_rubric"))),
  );
}

/** @param {ItemInfo} item @param {Page} page */
export function drawAbout(item, page) {
  const bundle = page.bundles.find(({ hash }) => hash === item.hash);
  const facts = [
    ...fact(say("bundle"), bundle?.name ?? ""),
    ...fact(say("made"), bundle?.created.slice(0, 10) ?? ""),
    ...fact(say("scores"), item.scores.join(", ")),
    ...fact("SHA-256", el("code", {}, item.hash)),
    ...fact(say("signature"), item.signed ? say("signed", { by: item.signed }) : say("unsigned")),
  ];
  const notes = [el("p", {}, say("hash_hint"))];
  if (item.decision === "nearest-expected") notes.push(el("p", {}, say("decision_hint")));
  if (item.hasSecond) notes.push(el("p", { class: "flag" }, say("second_hint")));
  const question = el(
    "div",
    {},
    el("div", { class: "card" }, el("h2", {}, say("question")), ...textOr(item.prompt, say("no_prompt"))),
    el("div", { class: "card" }, el("h2", {}, say("rubric")), ...textOr(item.rubric, say("no_rubric"))),
  );
  const model = el(
    "div",
    {},
    el("div", { class: "card" }, el("h2", {}, say("bundle_title")), el("dl", { class: "facts" }, ...facts), ...notes),
    el("div", { class: "card model-card", lang: "en" }, ...markdown(item.card, 2)),
  );
  byId("view-about").replaceChildren(el("div", { class: "columns halves" }, question, model));
}

/** @param {string} text @param {string} otherwise */
function textOr(text, otherwise) {
  return [text ? el("p", { class: "text", dir: "auto" }, text) : el("p", { class: "hint" }, otherwise)];
}

/** @param {string} name @param {Node | string} value */
function fact(name, value) {
  return [el("dt", {}, name), el("dd", {}, value)];
}

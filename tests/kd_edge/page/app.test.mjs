// The parts of the page's screen that need no browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { areNumbers, Tally } from "../../../kd_edge/page/app/agreement.mjs";
import { ItemCounts } from "../../../kd_edge/page/app/counts.mjs";
import { chosenRows, inOrder } from "../../../kd_edge/page/app/filters.mjs";
import { markedParts, pullOf } from "../../../kd_edge/page/app/pushes.mjs";
import { keyOfScore, nextOpen, Review, scoreOfKey } from "../../../kd_edge/page/app/review.mjs";
import { hashOf, Keeper, readReview, writeReview } from "../../../kd_edge/page/app/storage.mjs";
import { de } from "../../../kd_edge/page/app/strings/de.mjs";
import { en } from "../../../kd_edge/page/app/strings/en.mjs";
import { bestLanguage, flagReason, languages, say, setLanguage } from "../../../kd_edge/page/app/words.mjs";
import { jsonOf } from "./cases.mjs";

test("agreement is what kd-edge counts in Python", () => {
  const cases = jsonOf("agreement.json");
  assert.ok(cases.length > 100);
  for (const { classes, values, human, machine, wanted } of cases) {
    const tally = new Tally(classes.length);
    human.forEach((person, at) => tally.add(person, machine[at]));
    const found = tally.agreement(values, areNumbers(classes));
    assert.equal(found.responses, human.length);
    assert.equal(found.adjacent === null, wanted.adjacent === null, String(classes));
    for (const figure of ["exact", "adjacent", "qwk"]) {
      assert.ok(Math.abs(found[figure] - wanted[figure]) < 1e-9, `${figure} ${found[figure]} ${wanted[figure]}`);
    }
  }
  assert.equal(new Tally(3).agreement([0, 1, 2], true), null);
});

const item = /** @type {any} */ ({ id: "ice", scores: ["0", "1", "2"], values: [0, 1, 2] });
const row = (at, score, confidence, flags = [], more = {}) => ({
  at, id: `r${at}`, item: "ice", text: `answer ${at}`, human: "", humanClass: -1, score, expected: Number(score),
  confidence, probabilities: [], flags, differs: false, lower: (more.text ?? `answer ${at}`).toLowerCase(), ...more,
});

test("counts of an item", () => {
  const counts = new ItemCounts(item);
  for (const one of [row(2, "0", 0.9), row(3, "2", 0.4, ["review"], { humanClass: 1 }), row(4, "2", 0.8, [], { humanClass: 2 })]) {
    counts.add(one);
  }
  assert.deepEqual([counts.plain, counts.withFlag, counts.people], [[1, 0, 1], [0, 0, 1], [0, 1, 1]]);
  assert.equal(counts.agreement.exact, 0.5);
  assert.equal(new ItemCounts(item).agreement, null);
});

test("rows are chosen and put in order", () => {
  const rows = [
    row(2, "0", 0.9),
    row(3, "1", 0.4, ["review"]),
    row(4, "1", 0.95, ["long"], { text: "Ein HEISSER Ofen" }),
    row(5, "2", 0.5, [], { differs: true, item: "other" }),
  ];
  const decisions = new Map([[3, { score: "2", note: "" }], [5, { score: "", note: "why" }]]);
  const all = { show: "all", score: "", item: "", words: "" };
  const chosen = ({ order = "table", ...choice }) =>
    [...inOrder(chosenRows(rows, decisions, { ...all, ...choice }), rows, order)].map((place) => rows[place].at);
  assert.deepEqual(chosen({}), [2, 3, 4, 5]);
  assert.deepEqual(chosen({ order: "flagged" }), [3, 4, 2, 5]);
  assert.deepEqual(chosen({ order: "unsure" }), [3, 5, 2, 4]);
  assert.deepEqual(chosen({ show: "flagged" }), [3, 4]);
  assert.deepEqual(chosen({ show: "open" }), [4]);
  assert.deepEqual(chosen({ show: "reviewed" }), [3]);
  assert.deepEqual(chosen({ show: "differs" }), [5]);
  assert.deepEqual(chosen({ score: "1", words: " heisser " }), [4]);
  assert.deepEqual(chosen({ words: "R2" }), [2]);
  assert.deepEqual(chosen({ item: "other" }), [5]);
  assert.deepEqual(chosen({ words: "nowhere" }), []);
});

test("a hundred thousand rows are chosen in 100 ms of a processor", () => {
  const rows = Array.from({ length: 100_000 }, (_, at) => row(at + 2, String(at % 3), (at % 997) / 997, at % 9 ? [] : ["review"]));
  const times = [];
  for (let again = 0; again < 5; again++) {
    const started = process.cpuUsage();
    const chosen = inOrder(chosenRows(rows, new Map(), { show: "all", score: "", item: "", words: "answer" }), rows, "unsure");
    times.push(process.cpuUsage(started).user / 1000);
    assert.equal(chosen.length, rows.length);
  }
  assert.ok(Math.min(...times) < 100, String(times));
});

test("decisions are kept, noted and taken back", () => {
  let changes = 0;
  const review = new Review([[7, { score: "1", note: "" }]], () => (changes += 1));
  review.decide(3, "2");
  review.note(3, "clear");
  review.note(3, "clear");
  review.note(9, "ask the class");
  assert.deepEqual([...review.decisions], [[7, { score: "1", note: "" }], [3, { score: "2", note: "clear" }], [9, { score: "", note: "ask the class" }]]);
  assert.equal(review.scored, 2);
  review.decide(7, "");
  review.note(9, "");
  assert.deepEqual([...review.decisions.keys()], [3]);
  assert.deepEqual(review.of(7), { score: "", note: "" });
  assert.equal(changes, 5);
});

test("keys stand for scores", () => {
  assert.equal(scoreOfKey("0", ["0", "1", "2"]), "0");
  assert.equal(scoreOfKey("3", ["0", "1", "2"]), undefined);
  assert.equal(scoreOfKey("1", ["wrong", "partly", "right"]), "wrong");
  assert.equal(scoreOfKey("3", ["0", "0.5", "1"]), "1");
  assert.equal(scoreOfKey("x", ["0", "1"]), undefined);
  const many = Array.from({ length: 11 }, (_, place) => String(place));
  assert.deepEqual(many.map((score, place) => keyOfScore(score, place, many)), ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", ""]);
});

test("the next response that nobody checked", () => {
  const decisions = new Map([[5, { score: "1", note: "" }], [6, { score: "", note: "?" }]]);
  assert.equal(nextOpen([5, 6, 7], -1, decisions), 1);
  assert.equal(nextOpen([5, 6, 7], 2, decisions), 1);
  assert.equal(nextOpen([5], 0, decisions), -1);
  assert.equal(nextOpen([], -1, decisions), -1);
});

const kept = { bundles: "b1", table: "t1", name: "7b.csv", rows: 3, decisions: [[2, { score: "1", note: "so" }]] };

/** @returns {any} */
function memory() {
  const values = new Map();
  return {
    get length() {
      return values.size;
    },
    key: (at) => [...values.keys()][at] ?? null,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => values.set(key, value),
    removeItem: (key) => values.delete(key),
  };
}

test("decisions in a browser's storage", () => {
  const store = memory();
  store.setItem("other page", "stays");
  const keeper = new Keeper(() => store);
  keeper.keep(kept);
  keeper.keep({ ...kept, table: "t2" });
  keeper.keep({ ...kept, bundles: "b2" });
  assert.deepEqual(new Keeper(() => store).find("b1", "t1"), kept);
  assert.equal(keeper.find("b2", "t2"), null);
  assert.equal(keeper.all("b1").length, 2);
  assert.equal(keeper.tables, 3);
  keeper.keep({ ...kept, decisions: [] });
  assert.equal(keeper.find("b1", "t1"), null);
  keeper.deleteAll();
  assert.deepEqual([keeper.tables, keeper.works, store.getItem("other page")], [0, true, "stays"]);
});

test("a storage that is forbidden or full keeps nothing, and says so", () => {
  const forbidden = new Keeper(() => {
    throw new Error("SecurityError");
  });
  forbidden.keep(kept);
  assert.deepEqual([forbidden.works, forbidden.tables, forbidden.find("b1", "t1")], [false, 0, null]);
  const full = new Keeper(() => ({
    ...memory(),
    setItem: () => {
      throw new Error("QuotaExceededError");
    },
  }));
  assert.equal(full.works, true);
  full.keep(kept);
  assert.equal(full.works, false);
});

test("saved decisions are read, and nothing else", () => {
  assert.deepEqual(readReview(writeReview(kept)), kept);
  const others = ["", "{}", "null", "[]", "text", writeReview({ ...kept, rows: 0.5 })];
  for (const decisions of [[[1.5, { score: "1", note: "" }]], [[2, { score: 1, note: "" }]], [[2]], [[2, { score: "1", note: "x".repeat(10_001) }]]]) {
    others.push(writeReview(/** @type {any} */ ({ ...kept, decisions })));
  }
  others.push(writeReview(kept).replace('"version":1', '"version":2'), writeReview(kept).replace("kd-edge-review", "other"));
  for (const text of others) assert.equal(readReview(text), null, text.slice(0, 100));
});

test("a table's hash", async () => {
  assert.equal(await hashOf(new Blob(["abc"])), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const large = "a".repeat(3 << 20);
  assert.equal(await hashOf(new Blob([large])), await hashOf(new Blob([large])));
  assert.notEqual(await hashOf(new Blob([large])), await hashOf(new Blob([`${large.slice(0, -1)}b`])));
});

test("words that pushed are found in the response", () => {
  const push = (word, down, up, times = 1) => ({ word, weight: up, times, towards: { 0: down, 1: 0, 2: up } });
  const pushes = [push("heat", -1, 1), push("the", 1, -1, 2), push("ice", -0.01, 0.01)];
  assert.equal(pullOf(pushes[0], item.scores), 2);
  const parts = markedParts("The HEAT, ice and the sun", pushes, item.scores);
  assert.deepEqual(parts.map(({ text, pull }) => [text, pull]), [["The", -0.5], [" ", 0], ["HEAT", 1], [", ice and ", 0], ["the", -0.5], [" sun", 0]]);
  assert.deepEqual(markedParts("no words", [], item.scores), [{ text: "no words", pull: 0 }]);
});

const places = (text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort().join(" ");

test("every language says the same", () => {
  assert.deepEqual(Object.keys(de), Object.keys(en));
  for (const [key, text] of Object.entries(en)) {
    const other = de[/** @type {keyof typeof en} */ (key)];
    assert.ok(text && other, key);
    assert.equal(other.split("|").length, text.split("|").length, key);
    assert.equal(places(other), places(text), key);
  }
});

test("sentences with numbers", () => {
  assert.deepEqual(languages().map(({ code }) => code), ["en", "de"]);
  assert.equal(bestLanguage(["fr-FR", "de-AT", "en"]), "de");
  assert.equal(bestLanguage(["fr"]), "en");
  setLanguage("en");
  assert.equal(say("shown", { n: 1, shown: 1 }), "1 of 1 response");
  assert.equal(say("shown", { n: 1234, shown: 0 }), "0 of 1,234 responses");
  setLanguage("de");
  assert.equal(say("shown", { n: 1234, shown: 7 }), "7 von 1.234 Antworten");
  assert.equal(flagReason("empty"), de.flag_empty);
  setLanguage("en");
});

// The same words, scores and explanations as plain Python's.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { bytesOf, core, far, jsonOf } from "./cases.mjs";

// Python's own `exp` may differ in the last bit from one system to the next.
const NEAR = 1e-14;

await core.init();

test("the words of the corpus and of random texts", () => {
  for (const [rules, rows] of Object.entries(jsonOf("words.json"))) {
    assert.ok(rows.length > 5000);
    for (const { text, words } of rows) assert.deepEqual(core.words(text, Number(rules)), words);
  }
});

test("the words of every code point", () => {
  const { block, digests } = jsonOf("code_points.json");
  for (const [rules, blocks] of Object.entries(digests)) {
    assert.equal(blocks.length * block, 0x110000);
    blocks.forEach((digest, at) => {
      const texts = [];
      for (let code = at * block; code < (at + 1) * block; code++) {
        if (code >= 0xd800 && code < 0xe000) continue;
        const char = String.fromCodePoint(code);
        texts.push(`a${char}b ${char}7`);
      }
      const words = core.words(texts.join(" "), Number(rules)).join("\n");
      assert.equal(createHash("sha256").update(words, "utf8").digest("hex"), digest, `rules ${rules}, block ${at}`);
    });
  }
});

for (const { bundle, scores, explanations } of jsonOf("bundles.json")) {
  test(`the scores of ${bundle}`, async () => {
    const opened = await core.open(bytesOf(bundle));
    let exact = 0;
    let all = 0;
    for (const [item, rows] of Object.entries(scores)) {
      const texts = rows.map((row) => row.text);
      const found = opened.scoreMany(texts, item);
      assert.deepEqual(found[1], opened.score(texts[1], item));
      found.forEach((score, at) => {
        const row = rows[at];
        assert.deepEqual(Object.keys(score), ["predicted", "expected", "confidence", "flag", "probabilities"]);
        assert.deepEqual([score.predicted, score.flag], [row.predicted, row.flag], `${item}, row ${at}`);
        assert.ok(far(score.probabilities, row.probabilities) <= NEAR);
        assert.ok(Math.abs(score.expected - row.expected) <= NEAR * 100);
        assert.equal(score.confidence, score.probabilities[opened.items.find((one) => one.id === item).classes.indexOf(score.predicted)]);
        exact += score.probabilities.filter((value, k) => value === row.probabilities[k]).length;
        all += row.probabilities.length;
      });
    }
    console.log(`${bundle}: ${all - exact} of ${all} probabilities differ in the last bits`);
    assert.ok(exact > 0.99 * all);
  });

  test(`the explanations of ${bundle}`, async () => {
    const opened = await core.open(bytesOf(bundle));
    for (const [item, rows] of Object.entries(explanations)) {
      for (const { text, start, pushes, unknown } of rows) {
        const found = opened.explain(text, item);
        assert.ok(far(found.start, start) < 1e-9);
        assert.deepEqual(found.unknown, unknown);
        const byWords = new Map(found.pushes.map((push) => [push.words.join(" "), push]));
        assert.equal(byWords.size, pushes.length);
        for (const push of pushes) {
          const own = byWords.get(push.words.join(" "));
          assert.equal(own.times, push.times);
          assert.ok(far(own.pushes, push.pushes) < 1e-9 && Math.abs(own.strength - push.strength) < 1e-9);
        }
        const strengths = found.pushes.map((push) => push.strength);
        assert.deepEqual(strengths, [...strengths].sort((a, b) => b - a));
      }
    }
  });
}

test("golden rows are met to the last digit", async () => {
  const opened = await core.open(bytesOf("protocol-1.kdz"));
  for (const item of opened.items) {
    const golden = JSON.parse(new TextDecoder().decode(await opened.read(item.golden)));
    const found = opened.scoreMany(golden.inputs, item.id).map((score) => score.probabilities);
    assert.ok(found.length > 15);
    found.forEach((shares, at) => {
      assert.ok(far(shares, golden.outputs["plain-int8"][at]) <= 5.1e-8);
    });
  }
});

test("a memo that serves items in turn", async () => {
  const { bundle, scores } = jsonOf("bundles.json")[0];
  const opened = await core.open(bytesOf(bundle));
  const items = Object.entries(scores);
  for (let at = 0; at < 24; at++) {
    for (const [item, rows] of items) {
      for (let again = 0; again <= at % 4; again++) {
        const row = rows[(at + again) % rows.length];
        assert.ok(far(opened.score(row.text, item).probabilities, row.probabilities) <= NEAR);
      }
      if (at % 5 === 0) core.words("other text", 2);
      if (at % 7 === 0) await opened.read(opened.card);
      if (at % 3 === 0 && item.startsWith("bag")) opened.explain(rows[at % rows.length].text, item);
    }
  }
});

test("long texts, and memory that grows with nothing else", async () => {
  const instantiate = WebAssembly.instantiate;
  let memory;
  WebAssembly.instantiate = async (...given) => {
    const instance = await instantiate(...given);
    memory = instance.exports.memory;
    return instance;
  };
  const opened = await core.open(bytesOf("protocol-1.kdz"));
  WebAssembly.instantiate = instantiate;
  const item = opened.items[0].id;
  const scoreLong = () => {
    for (const { text, ...row } of jsonOf("long.json")) {
      const score = opened.score(text, item);
      assert.deepEqual([score.predicted, score.flag], [row.predicted, row.flag]);
      assert.ok(far(score.probabilities, row.probabilities) <= NEAR);
    }
  };
  opened.score("short", item);
  const before = memory.buffer.byteLength;
  assert.ok(before < 2 << 20);
  scoreLong();
  const longest = Math.max(...jsonOf("long.json").map((row) => Buffer.byteLength(row.text)));
  const after = memory.buffer.byteLength;
  assert.ok(after - before <= longest + (1 << 16), `${after - before} for ${longest}`);
  for (let again = 0; again < 3; again++) scoreLong();
  opened.explain("the ice ".repeat(1000), item);
  assert.equal(memory.buffer.byteLength, after);
});

test("rich text is read by the markup rules", async () => {
  const rows = jsonOf("markup.json");
  const opened = await core.open(bytesOf("markup.kdz"));
  for (const row of rows.scored) {
    const score = opened.score(row.text);
    assert.deepEqual([score.predicted, score.flag], [row.predicted, row.flag]);
    assert.ok(far(score.probabilities, row.probabilities) <= NEAR);
  }
  const { plainText } = await import(new URL("../../../kd_edge/page/core/markup.mjs", import.meta.url).href);
  for (const { text, plain } of rows.texts) assert.equal(plainText(text), plain, JSON.stringify(text));
  for (const [name, code] of Object.entries(rows.entities)) {
    assert.equal(plainText(`&${name};`), code, name);
  }
});

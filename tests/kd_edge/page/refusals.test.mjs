// What is no bundle, is damaged or made to harm: refused with a KdEdgeError, in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf, core, jsonOf } from "./cases.mjs";

/** @param {Uint8Array} bytes */
async function readAll(bytes) {
  const bundle = await core.open(bytes);
  const found = [];
  for (const name of bundle.members) found.push([name, Buffer.from(await bundle.read(name)).toString("base64")]);
  return JSON.stringify(found);
}

/** @param {Uint8Array} bytes @param {string} why @param {unknown} which */
async function isRefused(bytes, why, which) {
  await assert.rejects(
    readAll(bytes),
    (error) => error instanceof core.KdEdgeError && error.message.includes(why),
    JSON.stringify({ which, why }),
  );
}

test("sound bundles are read", async () => {
  const whole = await readAll(bytesOf("sound.kdz"));
  assert.equal(await readAll(bytesOf("stored.kdz")), whole);
  const { buffer, byteOffset, byteLength } = bytesOf("sound.kdz");
  assert.equal(await readAll(buffer.slice(byteOffset, byteOffset + byteLength)), whole);
});

test("bundles that are damaged or made to harm", async () => {
  const cases = jsonOf("refused.json");
  assert.ok(cases.length > 100);
  const all = bytesOf("refused.bin");
  for (const [at, { why, from, to }] of cases.entries()) await isRefused(all.subarray(from, to), why, at);
});

test("bits flipped: the sound content, or a refusal", async () => {
  const sound = bytesOf("sound.kdz");
  const whole = await readAll(sound);
  let refused = 0;
  for (const [at, bits] of jsonOf("flipped.json")) {
    const changed = Uint8Array.from(sound);
    changed[at] ^= bits;
    try {
      assert.equal(await readAll(changed), whole);
    } catch (error) {
      assert.ok(error instanceof core.KdEdgeError, `${at}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > 500);
});

test("manifests are read where Python reads them", async () => {
  const { readManifest } = await import(new URL("../../../kd_edge/page/core/manifest.mjs", import.meta.url).href);
  const cases = jsonOf("manifests.json");
  assert.ok(cases.some((one) => one.read) && cases.length > 500);
  for (const { text, read } of cases) {
    let isRead = true;
    try {
      readManifest(text);
    } catch (error) {
      if (error?.name !== "KdEdgeError") throw error;
      isRead = false;
    }
    assert.equal(isRead, read, text);
  }
});

test("items of other kinds, and what is asked wrongly", async () => {
  const bundle = await core.open(bytesOf("odd.kdz"));
  const refusals = Object.fromEntries(bundle.items.map((item) => [item.id, item.refusal]));
  assert.equal(refusals.plain, "");
  for (const [item, why] of Object.entries(jsonOf("odd.json"))) {
    assert.match(refusals[item], new RegExp(why));
    assert.throws(() => bundle.score("the ice", item), new RegExp(why));
  }
  assert.match(bundle.score("the ice", "plain").predicted, /./);
  const secret = "a secret answer";
  const wrong = [
    [() => bundle.score(secret), /\d+ items \('plain', .*name one of them/],
    [() => bundle.score(secret, "other"), /There is no item 'other': the bundle has/],
    [() => bundle.score(7, "plain"), /A response must be a string, not number/],
    [() => bundle.scoreMany([secret, null], "plain"), /Response 2 must be a string, not object/],
    [() => bundle.scoreMany(secret, "plain"), /scoreMany takes a list/],
    [() => bundle.explain(secret, "pairs"), /only small models of kind 'bag' can explain/],
    [() => core.words(secret, 3), /no text rules 3/],
    [() => bundle.score(secret, "damaged"), /Item 'damaged': a table of the vocabulary/],
  ];
  for (const [run, why] of wrong) {
    assert.throws(run, (error) => {
      assert.ok(error instanceof core.KdEdgeError);
      assert.match(error.message, why);
      assert.ok(!error.message.includes("secret"));
      return true;
    });
  }
  await assert.rejects(bundle.read("none"), /no member 'none'/);
  await assert.rejects(core.init(new Uint8Array(4)), /kd_edge.wasm cannot be loaded/);
  await core.init();
});

// Pages in a browser, opened from a file and with no network: the scores are those of plain Python.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launched, opened } from "./browsers.mjs";
import { far, jsonOf } from "./cases.mjs";

const NEAR = 1e-6;

let browser;
before(async () => (browser = await launched()));
after(() => browser?.close());

/** @param {string} file */
async function engineOf(file) {
  const found = await opened(browser, file);
  await found.page.waitForFunction("globalThis.engine");
  return found;
}

/** Runs a function in the page; values go there and back as JSON in ASCII, halves of pairs too. */
async function inPage(page, run, values) {
  const ascii = JSON.stringify(values).replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return JSON.parse(await page.evaluate(`(${run})(JSON.parse(${JSON.stringify(ascii)})).then(JSON.stringify)`));
}

test("words of the corpus and of random texts", async () => {
  const { page } = await engineOf("engine.html");
  for (const [rules, rows] of Object.entries(jsonOf("words.json"))) {
    const texts = rows.map(({ text }) => text);
    assert.ok(texts.length > 10_000);
    const run = "async ({ texts, rules }) => texts.map((text) => engine.words(text, rules))";
    const found = await inPage(page, run, { texts, rules: Number(rules) });
    found.forEach((words, at) => assert.deepEqual(words, rows[at].words, JSON.stringify(texts[at])));
  }
  await page.close();
});

test("golden rows, sample responses, the corpus and random texts", async () => {
  let compared = 0;
  for (const { file, hash, scores } of jsonOf("pages.json")) {
    const { page, asked, errors } = await engineOf(file);
    const { bundles } = await inPage(page, "async () => engine.page", {});
    assert.deepEqual(bundles.map((one) => one.hash), [hash]);
    for (const [item, rows] of Object.entries(scores)) {
      const run = "async ({ texts, item }) => Promise.all(texts.map((text) => engine.scoreOne(item, text)))";
      const found = await inPage(page, run, { texts: rows.map(({ text }) => text), item });
      found.forEach((score, at) => {
        const row = rows[at];
        assert.deepEqual([score.score, score.flags.join()], [row.predicted, row.flag], `${file}, ${item}, text ${at}`);
        assert.ok(far(Object.values(score.probabilities), row.probabilities) <= NEAR);
        assert.ok(Math.abs(score.expected - row.expected) <= NEAR * 10 && Math.abs(score.confidence - row.confidence) <= NEAR);
        compared++;
      });
    }
    assert.deepEqual(errors, []);
    assert.ok(asked.every((url) => /^(file|blob|data):/.test(url)), asked.join(" "));
    await page.close();
  }
  assert.ok(compared > 20_000, String(compared));
});

test("a table goes through the worker and comes back", async () => {
  const { page } = await engineOf("engine.html");
  const { texts, rows } = jsonOf("table.json");
  const run = `async ({ csv }) => {
    const file = new File([csv], "t.csv");
    const header = await engine.readHeader(file);
    const columns = { ...header.guess, itemId: engine.page.items[0].id };
    const found = [];
    const done = await engine.scoreTable(file, columns, { onRows: (rows) => found.push(...rows) });
    const stop = new AbortController();
    const stopped = engine.scoreTable(file, columns, { onRows: () => stop.abort(new Error("enough")), signal: stop.signal });
    const saved = await engine.saveTable(file, columns, new Map([[2, { score: "1", note: "=x" }]]));
    const text = await saved.text();
    const bad = await engine.scoreTable(new File(['text\\n"open'], "bad.csv"), columns, { onRows() {} }).catch(String);
    return { header, found, done, text, bad, why: await stopped.catch(({ message }) => message) };
  }`;
  const csv = `id,text\n${texts.map((text, at) => `${at},"${text.replaceAll('"', '""')}"\n`).join("")}`;
  const { header, found, done, text, bad, why } = await inPage(page, run, { csv });
  assert.deepEqual(header.columns, ["id", "text"]);
  assert.deepEqual(header.guess, { id: 0, item: null, text: 1, score: null });
  assert.equal(done.rows, texts.length);
  assert.equal(why, "enough");
  assert.match(bad, /cannot be read beyond row 2: a quotation mark is never closed/);
  found.forEach((row, at) => {
    assert.deepEqual([row.at, row.id, row.text, row.score], [at + 2, String(at), texts[at], rows[at].predicted]);
    assert.ok(far(row.probabilities, rows[at].probabilities) <= NEAR);
  });
  const lines = text.split("\n");
  assert.match(lines[0], /^id,text,predicted,expected,confidence,flag,p_.*,person_score,person_note$/);
  assert.match(lines[1], /,1,'=x$/);
  assert.match(lines[2], /,,$/);
  await page.close();
});

test("the policy lets nothing out, and nothing else in", async () => {
  const { page, asked } = await engineOf("engine.html");
  const wanted = ["connect-src", "frame-src", "img-src", "script-src"];
  const run = `async ({ wanted }) => {
    const violated = [];
    addEventListener("securitypolicyviolation", (event) => violated.push(event.effectiveDirective));
    const failed = await fetch("https://example.org/").then(() => false, () => true);
    new Image().src = "https://example.org/x.png";
    try { new WebSocket("wss://example.org/"); } catch {}
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = true";
    document.head.append(script);
    const frame = document.createElement("iframe");
    frame.src = "https://example.org/";
    document.body.append(frame);
    const isWaiting = () => wanted.some((one) => !violated.some((directive) => directive.startsWith(one)));
    for (let tries = 0; !tries || (tries < 1200 && isWaiting()); tries++) await new Promise((done) => setTimeout(done, 50));
    // What a driver itself evaluates may evaluate too, until it waits.
    let evaluated = true;
    try { new Function("return 1")(); } catch { evaluated = false; }
    return { failed, evaluated, ran: Boolean(globalThis.ran), violated: [...new Set(violated)].sort() };
  }`;
  const { failed, evaluated, ran, violated } = await inPage(page, run, { wanted });
  assert.deepEqual([failed, evaluated, ran], [true, false, false]);
  for (const directive of wanted) {
    assert.ok(violated.some((one) => one.startsWith(directive)), `${directive}: ${violated}`);
  }
  assert.ok(asked.every((url) => !url.startsWith("https:") || url.includes("example.org")));
  await page.close();
});

test("a page whose bundle was changed says so", async () => {
  const { page } = await engineOf("changed.html");
  const { refused } = await inPage(page, "async () => engine", {});
  assert.match(refused, /'protocol-1.kdz' in this page does not have its hash: the file is damaged, copy it again/);
  await page.close();
});

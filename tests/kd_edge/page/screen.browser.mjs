// The page in headless Chromium, from a file: what a teacher does with it, by mouse and by keys.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const folder = process.env.KD_EDGE_CASES ?? "";
const shots = process.env.KD_EDGE_SHOTS ?? "";
const table = join(folder, "class.csv");
const wanted = JSON.parse(readFileSync(join(folder, "wanted.json"), "utf8"));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const SECONDS = 1000;
const LONG = { timeout: 600 * SECONDS };

/** @type {import("puppeteer-core").Browser} */
let browser;
/** What any page asked for, and what went wrong in it. @type {string[]} */
const requests = [];
/** @type {string[]} */
const problems = [];

before(async () => {
  mkdirSync(shots, { recursive: true });
  browser = await puppeteer.launch({
    executablePath: process.env.KD_EDGE_CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-prefers-reduced-motion"],
    protocolTimeout: LONG.timeout,
    ...LONG,
  });
});
after(() => browser?.close());

/** Opens the page. @param {{size?: keyof typeof SIZES, scheme?: string, language?: string, file?: string}} [look] */
async function opened({ size = "wide", scheme = "light", language = "en-GB", file = "page.html" } = {}) {
  const page = await browser.newPage();
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  await page.setViewport(SIZES[size]);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.evaluateOnNewDocument((name) => Object.defineProperty(navigator, "languages", { get: () => [name] }), language);
  await loaded(page, () => page.goto(pathToFileURL(join(folder, file)).href, LONG));
  return page;
}

async function loaded(page, go) {
  await go();
  await page.waitForSelector("#main:not([hidden])", LONG);
}

const textOf = (page, id) => page.$eval(`#${id}`, (element) => element.textContent);
const isShown = (page, id) => page.$eval(`#${id}`, (element) => element.checkVisibility());
const until = (page, what, ...values) => page.waitForFunction(what, { ...LONG, polling: 50 }, ...values);

/** @param {import("puppeteer-core").Page} page */
async function score(page) {
  await page.click("#tab-table");
  const input = await page.$("#file");
  await input.uploadFile(table);
  await page.waitForSelector("#step-columns:not([hidden])", LONG);
  await page.click("#score-table");
  await page.waitForSelector("#step-results:not([hidden]) .grid-body .row", LONG);
}

/** Nothing that axe-core finds, and nothing wider than the window. @param {import("puppeteer-core").Page} page @param {string} name */
async function isSound(page, name) {
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: !name.includes("check") });
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const told = found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  assert.deepEqual(told, [], name);
  const [wide, window] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
  assert.ok(wide <= window, `${name} is ${wide} pixels wide`);
}

test("one response is scored, explained, and never HTML", async () => {
  const page = await opened();
  const markup = "<img src=x onerror=document.title='run'> ";
  await page.select("#item", "stove");
  await page.type("#response", markup + wanted.one.text);
  await page.keyboard.down("Control");
  await page.keyboard.press("Enter");
  await page.keyboard.up("Control");
  await until(page, () => document.querySelector("#one-result .big"));
  await page.$eval("#response", (area) => (area.value = ""));
  await page.type("#response", wanted.one.text);
  await until(page, (given) => document.querySelector("#one-result .big")?.textContent === given, `Score ${wanted.one.score}`);
  assert.equal(await page.$eval("#one-result .lead", (lead) => lead.textContent), `${wanted.one.percent}% sure`);
  assert.equal(await page.$$eval(".bars li", (lines) => lines.length), 4);
  assert.ok((await page.$$eval(".marked mark", (marks) => marks.length)) > 0);
  assert.equal(await page.title(), "Score written answers");
  assert.equal(await page.$("img"), null);
  assert.equal(await textOf(page, "question").then((text) => text.includes("Which spoon <b>?")), true);
  await page.click("#clear-one");
  assert.equal(await textOf(page, "one-result"), "");
  await page.close();
});

test("a table is scored, filtered, checked by keys, kept, saved and deleted", async () => {
  const page = await opened();
  await score(page);
  assert.equal(await textOf(page, "results-sum"), `1,000 responses scored; a person should look at ${wanted.flagged}.`);
  const tiles = await page.$$eval(".tiles dd", (all) => all.map((one) => one.textContent));
  assert.deepEqual(tiles, wanted.tiles);
  assert.ok((await page.$$eval(".grid-body .row", (rows) => rows.length)) < 60);
  await page.select("#show", "differs");
  await until(page, (words) => document.querySelector("#shown").textContent === words, `${wanted.differs} of 1,000 responses`);
  await page.select("#show", "all");
  await page.type("#search", "زجاج");
  await until(page, () => document.querySelector("#shown").textContent === "1 of 1,000 responses");
  await page.focus("#rows");
  await page.keyboard.press("Enter");
  assert.equal(await page.$eval("#review-text", (quote) => getComputedStyle(quote).direction), "rtl");
  await page.keyboard.press("Escape");
  await until(page, () => document.activeElement.id === "rows");
  await page.$eval("#search", (input) => {
    input.value = "";
    input.dispatchEvent(new Event("input"));
  });

  await page.click("#check-flagged");
  await until(page, () => document.querySelector("#review").open);
  assert.equal(await textOf(page, "review-title"), `Response 1 of ${wanted.flagged} · r-1`);
  await page.keyboard.press("Enter");
  await page.keyboard.press("3");
  assert.equal(await textOf(page, "review-title"), `Response 3 of ${wanted.flagged} · r-21`);
  await page.keyboard.press("n");
  await page.keyboard.type("=ask 2");
  await page.keyboard.press("Escape");
  assert.equal(await page.$eval("#review", (dialog) => dialog.open), true);
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.$eval(".scores [aria-pressed=true]", (button) => button.textContent), "3");
  await page.$eval("#keys-on", (box) => box.click());
  await page.keyboard.press("1");
  assert.equal(await page.$eval(".scores [aria-pressed=true]", (button) => button.textContent), "3");
  await page.keyboard.press("Escape");
  await until(page, () => document.querySelector("#results-sum").textContent.endsWith("2 checked by a person."));

  await loaded(page, () => page.reload(LONG));
  await page.click("#tab-table");
  assert.match(await textOf(page, "kept"), /^class\.csv: 3 responses checked\./);
  await score(page);
  assert.match(await textOf(page, "table-news"), /for 3 responses are there again/);
  await page.select("#show", "reviewed");
  await until(page, () => document.querySelector("#shown").textContent === "2 of 1,000 responses");
  const own = await page.$$eval(".grid-body .yours", (cells) => cells.map((cell) => cell.textContent));
  assert.deepEqual(own, ["✓ " + wanted.emptyScore, "→ 3"]);

  const saved = await downloads(page, ["#save-table", "#save-review"]);
  const lines = saved["class-scored.csv"].trim().split(/\r?\n/);
  assert.equal(lines.length, 1001);
  assert.match(lines[0], /,person_score,person_note$/);
  assert.match(lines[1], new RegExp(`,${wanted.emptyScore},$`));
  assert.match(lines[11], /,3,$/);
  assert.match(lines[21], /,,'=ask 2$/);
  const review = saved["class-review.json"];
  assert.ok(!review.includes("spoon"), "no response is kept");

  await page.click("#delete-all");
  await page.click("#sure-yes");
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  assert.doesNotMatch(await textOf(page, "results-sum"), /checked/);
  writeFileSync(join(folder, "class-review.json"), review);
  await (await page.$("#load-review")).uploadFile(join(folder, "class-review.json"));
  await until(page, () => document.querySelector("#results-sum").textContent.endsWith("2 checked by a person."));
  writeFileSync(join(folder, "other.json"), review.replace(/"bundles":"../, '"bundles":"zz'));
  await (await page.$("#load-review")).uploadFile(join(folder, "other.json"));
  await until(page, () => document.querySelector("#table-error").textContent.includes("belongs to another model"));
  await page.click("#delete-all");
  await page.click("#sure-yes");
  await page.close();
});

/** Clicks buttons that save, and gives what was saved. @param {import("puppeteer-core").Page} page @param {string[]} buttons */
async function downloads(page, buttons) {
  const place = join(folder, "downloads");
  mkdirSync(place, { recursive: true });
  const session = await browser.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: place });
  for (const button of buttons) {
    const count = readdirSync(place).length;
    await page.click(button);
    for (let tries = 0; tries < 2400; tries++) {
      const names = readdirSync(place);
      const isWhole = names.every((name) => !name.endsWith(".crdownload") && readFileSync(join(place, name)).length);
      if (names.length > count && isWhole) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return Object.fromEntries(readdirSync(place).map((name) => [name, readFileSync(join(place, name), "utf8")]));
}

test("a table can be cancelled, and other columns be chosen", async () => {
  const page = await opened();
  await page.click("#tab-table");
  await (await page.$("#file")).uploadFile(join(folder, "large.csv"));
  await page.waitForSelector("#step-columns:not([hidden])", LONG);
  await page.select("#column-text", "");
  assert.equal(await page.$eval("#score-table", (button) => button.disabled), true);
  await page.select("#column-text", "2");
  // As soon as the first rows are done, before the page hears of any others.
  await page.evaluate(() => new Promise((done) => {
    const [start, cancel, words] = ["score-table", "cancel", "progress-words"].map((id) => document.getElementById(id));
    start.click();
    new MutationObserver(() => done(cancel.click())).observe(words, { childList: true });
  }));
  await until(page, () => document.querySelector("#table-news").textContent.startsWith("Cancelled"));
  assert.equal(await isShown(page, "step-columns"), true);
  await (await page.$("#file")).uploadFile(join(folder, "page.html"));
  await page.close();
});

test("all by keys: tabs, language, focus", async () => {
  const page = await opened();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.focus("#tab-one");
  await page.keyboard.press("ArrowRight");
  assert.deepEqual([await isShown(page, "view-table"), await isShown(page, "view-one")], [true, false]);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await isShown(page, "view-about"), true);
  assert.match(await textOf(page, "view-about"), new RegExp(wanted.hash));
  await page.select("#language", "de");
  assert.equal(await textOf(page, "tab-one"), "Eine Antwort");
  assert.equal(await page.$eval("html", (html) => html.lang), "de");
  await page.close();
  const german = await opened({ language: "de-AT" });
  assert.equal(await textOf(german, "tab-table"), "Eine Tabelle");
  await german.close();
});

for (const size of /** @type {(keyof typeof SIZES)[]} */ (Object.keys(SIZES))) {
  for (const scheme of ["light", "dark"]) {
    test(`axe-core finds nothing, and nothing is cut off: ${size}, ${scheme}`, async () => {
      const page = await opened({ size, scheme });
      const name = `${size}-${scheme}`;
      await page.type("#response", wanted.one.text);
      await until(page, () => document.querySelector("#one-result details"));
      await page.$eval("#one-result summary", (summary) => summary.click());
      await isSound(page, `one-${name}`);
      await page.click("#tab-about");
      await isSound(page, `about-${name}`);
      await page.click("#tab-table");
      await isSound(page, `file-${name}`);
      await (await page.$("#file")).uploadFile(table);
      await page.waitForSelector("#step-columns:not([hidden])", LONG);
      await isSound(page, `columns-${name}`);
      await page.click("#score-table");
      await page.waitForSelector("#step-results:not([hidden]) .grid-body .row", LONG);
      await isSound(page, `results-${name}`);
      await page.click("#check-flagged");
      await until(page, () => document.querySelector("#review").open);
      await isSound(page, `check-${name}`);
      await page.close();
    });
  }
}

test("words and names of any length stay within the window", async () => {
  const page = await opened({ size: "phone", file: "long.html" });
  await page.type("#response", wanted.one.text);
  await page.click("#score-one");
  await page.waitForSelector("#one-result .bars", LONG);
  for (const view of ["one", "about"]) {
    await page.click(`#tab-${view}`);
    const [wide, window] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
    assert.ok(wide <= window, `${view} is ${wide} pixels wide`);
  }
  await page.close();
});

test("nothing was asked of any network, and nothing went wrong", () => {
  assert.ok(requests.length > 0);
  assert.deepEqual(requests.filter((url) => !/^(file|blob|data):/.test(url)), []);
  assert.deepEqual(problems, []);
});

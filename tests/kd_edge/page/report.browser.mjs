// Pages of kd-edge report in headless Chromium, from files: what can be seen, read and printed.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const folder = process.env.KD_EDGE_CASES ?? "";
const shots = process.env.KD_EDGE_SHOTS ?? "";
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = { wide: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
const LEAST_CONTRAST = 4.5;
const MOST_PAGES = 4;
const LONG = { timeout: 600_000 };
const names = readdirSync(folder).filter((name) => name.endsWith(".html"));

/** @type {import("puppeteer-core").Browser} */
let browser;

before(async () => {
  mkdirSync(shots, { recursive: true });
  browser = await puppeteer.launch({
    executablePath: process.env.KD_EDGE_CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    protocolTimeout: LONG.timeout,
    ...LONG,
  });
});
after(() => browser?.close());

/** @param {string} name @param {{width: number, height: number}} size @param {string} scheme */
async function opened(name, size, scheme) {
  const page = await browser.newPage();
  await page.setBypassCSP(true); // for axe-core, not for the page
  await page.setViewport(size);
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(pathToFileURL(join(folder, name)).href, LONG);
  return page;
}

/**
 * Texts with less contrast than the least with what is behind them; runs in the page. Of plots too,
 * which axe-core does not look at.
 * @param {number} least
 */
function pale(least) {
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = numbers(colour).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const isClear = (colour) => colour === "none" || numbers(colour)[3] === 0;
  const inside = (outer, x, y) => outer.left <= x && x <= outer.right && outer.top <= y && y <= outer.bottom;
  const behind = (element, box) => {
    const svg = element.closest("svg");
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const cell = [...(svg?.querySelectorAll("rect") ?? [])].findLast((rect) => inside(rect.getBoundingClientRect(), x, y));
    if (cell) return getComputedStyle(cell).fill;
    for (let one = svg ?? element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!isClear(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const box = element.getBoundingClientRect();
    const text = walker.currentNode.data.trim();
    if (!text || !box.width || !element.checkVisibility() || element.closest("title, desc, .unseen, style")) continue;
    const style = getComputedStyle(element);
    const colours = [element.closest("svg") ? style.fill : style.color, behind(element, box)];
    const [dark, bright] = colours.map(light).sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dark + 0.05);
    seen += 1;
    if (contrast < least) found.push(`${contrast.toFixed(2)}: ${text.slice(0, 40)} (${colours})`);
  }
  return { found, seen };
}

for (const name of names.filter((name) => name.startsWith("all"))) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const scheme of ["light", "dark"]) {
      test(`${name}: ${size}, ${scheme}`, async () => {
        const page = await opened(name, viewport, scheme);
        await page.screenshot({ path: join(shots, `${name.split(".")[0]}-${size}-${scheme}.png`), fullPage: true });
        for (const open of [false, true]) {
          await page.$$eval("details", (all, open) => all.forEach((one) => { one.open = open; }), open);
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
          const told = violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 200)).join("\n")}`);
          assert.deepEqual(told, []);
          const { found, seen } = await page.evaluate(pale, LEAST_CONTRAST);
          assert.deepEqual(found, []);
          assert.ok(seen > 100, `${seen} texts were looked at`);
          const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
          assert.ok(wide <= window, `${wide} px wide in a window of ${window}`);
        }
        const cut = await page.$$eval(".scroll", (all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.ariaLabel));
        assert.deepEqual(cut, [], "no table is cut");
        await page.$eval(".count", (count) => {
          count.style.fill = getComputedStyle(count.previousElementSibling).fill; // that of its cell
        });
        const { found } = await page.evaluate(pale, LEAST_CONTRAST);
        assert.equal(found.length, 1, "a pale figure is seen");
        await page.close();
      });
    }
  }
}

for (const name of names) {
  test(`${name}: printed`, async () => {
    const page = await opened(name, SIZES.wide, "dark");
    const file = await page.pdf({ path: join(shots, `${name.split(".")[0]}.pdf`), preferCSSPageSize: true, printBackground: true, ...LONG });
    const pages = Buffer.from(file).toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
    const items = await page.$$eval(".verdict", (all) => all.length);
    assert.ok(pages >= 2 && pages <= Math.max(MOST_PAGES, 1 + 2 * items), `${pages} pages`);
    await page.emulateMediaType("print");
    const split = await page.$$eval("tr, figure, .verdict, .checks li, .facts div, .responses li", (all) =>
      all.filter((one) => getComputedStyle(one).breakInside !== "avoid").map((one) => one.outerHTML.slice(0, 80)));
    assert.deepEqual(split, [], "what may be split over two pages");
    assert.equal(await page.$eval("body", (body) => getComputedStyle(body).backgroundColor), "rgb(255, 255, 255)");
    await page.close();
  });
}

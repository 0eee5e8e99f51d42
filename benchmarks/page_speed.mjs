// What benchmarks.page_speed asks of a page in a browser, by lines on standard input.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, executablePath, page, engine, table] = process.argv.slice(2);
const puppeteer = createRequire(pathToFileURL(modules))("puppeteer-core");
const LONG = { timeout: 600_000 };
const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
const browser = await puppeteer.launch({ executablePath, args: asRoot, protocolTimeout: LONG.timeout });

/** @param {string} file */
async function opened(file) {
  const found = await browser.newPage();
  await found.goto(pathToFileURL(file).href);
  return found;
}

/** In the page: scores a response as soon as it can be, and notes when its score is there. */
function scoreAtOnce() {
  const look = () => {
    const [main, response, result] = ["main", "response", "one-result"].map((id) => document.getElementById(id));
    if (!main || main.hidden) return;
    if (!response.value) {
      response.value = "The wool keeps the warm air out, so the ice melts slowly.";
      document.getElementById("score-one").click();
    }
    if (result.childElementCount) globalThis.scoredAfter ??= performance.now();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}

/** Opens the page and scores a response at once: how many milliseconds that took. @param {import("puppeteer-core").Page} found */
async function firstScore(found) {
  await found.evaluateOnNewDocument(scoreAtOnce);
  await found.goto(pathToFileURL(page).href);
  await found.waitForFunction("globalThis.scoredAfter", LONG);
  return found.evaluate("globalThis.scoredAfter");
}

/**
 * The tasks of a page's process while something is done: by thread, in milliseconds on the clock and of the processor,
 * which other work on the machine does not lengthen.
 *
 * @param {import("puppeteer-core").Page} found
 * @param {() => Promise<unknown>} run
 */
async function tasksOf(found, run) {
  await found.tracing.start({ categories: ["disabled-by-default-devtools.timeline", "__metadata"] });
  await run();
  const { traceEvents } = JSON.parse(new TextDecoder().decode(await found.tracing.stop()));
  const names = new Map();
  for (const { name, pid, tid, args } of traceEvents) if (name === "thread_name") names.set(`${pid} ${tid}`, args.name);
  const tasks = traceEvents.filter(({ name, dur }) => name === "RunTask" && dur);
  return tasks.map(({ pid, tid, dur, tdur }) => ({ thread: names.get(`${pid} ${tid}`) ?? "", wall: dur / 1000, cpu: (tdur ?? dur) / 1000 }));
}

/** @type {Record<string, () => Promise<unknown>>} */
const answers = {
  browser: () => browser.version(),
  /** Milliseconds from opening the file to the first score on the screen. */
  first: async () => {
    const found = await browser.newPage();
    const after = await firstScore(found);
    await found.close();
    return after;
  },
  /** The same, of the processor, on all threads of the page. */
  firstWork: async () => {
    const found = await browser.newPage();
    const tasks = await tasksOf(found, () => firstScore(found));
    await found.close();
    const own = tasks.filter(({ thread }) => /CrRendererMain|DedicatedWorker/.test(thread));
    return own.reduce((sum, { cpu }) => sum + cpu, 0);
  },
  /** Milliseconds of the longest task while a table is scored on the screen. */
  tasks: async () => {
    const found = await opened(page);
    await found.waitForSelector("#main:not([hidden])");
    await found.click("#tab-table");
    const tasks = await tasksOf(found, async () => {
      await (await found.$("#file")).uploadFile(table);
      await found.waitForSelector("#step-columns:not([hidden])", LONG);
      await found.click("#score-table");
      await found.waitForSelector("#step-results:not([hidden]) .grid-body .row", LONG);
    });
    await found.close();
    const main = tasks.filter(({ thread }) => thread === "CrRendererMain");
    return { wall: Math.max(...main.map(({ wall }) => wall)), cpu: Math.max(...main.map(({ cpu }) => cpu)), tasks: main.length };
  },
  /** Seconds in which the page's worker reads and scores the table. */
  table: async () => {
    const found = await opened(engine);
    await found.waitForFunction("globalThis.engine");
    await found.evaluate(() => {
      const input = document.createElement("input");
      input.type = "file";
      input.id = "table";
      document.body.append(input);
    });
    await (await found.$("#table")).uploadFile(table);
    const seconds = await found.evaluate(async () => {
      const [file] = document.getElementById("table").files;
      const { guess } = await engine.readHeader(file);
      return (await engine.scoreTable(file, guess, { onRows() {} })).seconds;
    });
    await found.close();
    return seconds;
  },
};

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await answers[line]()));
await browser.close();

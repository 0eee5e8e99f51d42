// Opens pages from files in a browser of the system, without a network.
import puppeteer from "puppeteer-core";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { folder } from "./cases.mjs";

const [name, executablePath] = [process.env.KD_EDGE_BROWSER, process.env.KD_EDGE_BROWSER_PATH];

/** For what takes a second, except on a machine that has much else to do. */
export const PATIENCE_MS = 600_000;

/** A browser that finds no host. */
export function launched() {
  const isFirefox = name === "firefox";
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return puppeteer.launch({
    browser: isFirefox ? "firefox" : "chrome",
    executablePath,
    args: isFirefox ? [] : ["--host-resolver-rules=MAP * ~NOTFOUND", "--disable-gpu", ...asRoot],
    extraPrefsFirefox: { "network.proxy.type": 1, "network.proxy.http": "127.0.0.1", "network.proxy.http_port": 9 },
    timeout: PATIENCE_MS,
    protocolTimeout: PATIENCE_MS,
  });
}

/**
 * Opens a page of the cases' folder.
 *
 * @param {import("puppeteer-core").Browser} browser
 * @param {string} file
 */
export async function opened(browser, file) {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const asked = [];
  const errors = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(pathToFileURL(join(folder, file)).href);
  return { page, asked, errors };
}

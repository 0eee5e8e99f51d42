// What test_core.py has written for the tests here.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

export const folder = process.env.KD_EDGE_CASES;
if (!folder) throw new Error("These tests are run by pytest: see test_core.py.");

/** @param {string} name */
export const bytesOf = (name) => readFileSync(join(folder, name));

/** @param {string} name */
export const jsonOf = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));

/** The module that is tested: its sources, or all of them as one module. */
export const core = await import(pathToFileURL(process.env.KD_EDGE_MODULE).href);

/** @param {number[]} a @param {number[]} b */
export const far = (a, b) => Math.max(...a.map((value, at) => Math.abs(value - b[at])), a.length - b.length);

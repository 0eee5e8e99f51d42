// What benchmarks.wasm_speed runs in Node: one round for each line it is sent.
//
//     node wasm_speed.mjs kd_edge.mjs BUNDLE TEXTS.json
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [modulePath, bundlePath, textsPath] = process.argv.slice(2);
const { open } = await import(pathToFileURL(modulePath).href);
const bundle = await open(await readFile(bundlePath));
const texts = JSON.parse(await readFile(textsPath, "utf8"));

/** Microseconds of one response: the median of all. */
function one() {
  const times = texts.map((text) => {
    const from = process.hrtime.bigint();
    bundle.score(text);
    return Number(process.hrtime.bigint() - from);
  });
  return times.sort((a, b) => a - b)[times.length >> 1] / 1000;
}

/** Microseconds a response of all at once, by the processor's time. */
function batch() {
  const from = process.cpuUsage();
  bundle.scoreMany(texts);
  const { user, system } = process.cpuUsage(from);
  return (user + system) / texts.length;
}

const rounds = { one, batch, node: () => process.versions.node };
for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(rounds[line]()));

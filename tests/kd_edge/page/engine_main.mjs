// In place of the screen, a page for tests: what the screen asks, within reach of them.
import { init, words } from "../core/kd_edge.mjs";
import { blockBytes } from "./blocks.mjs";
import { openPage, readHeader, saveTable, scoreOne, scoreTable } from "./scoring.mjs";

try {
  const page = await openPage();
  await init(await blockBytes("kd-wasm"));
  globalThis.engine = { page, words, readHeader, saveTable, scoreOne, scoreTable };
} catch (error) {
  globalThis.engine = { refused: error.message };
}

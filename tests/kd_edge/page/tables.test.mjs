// The page's reader of tables, against Python's.
import assert from "node:assert/strict";
import { File } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { classOf } from "../../../kd_edge/page/app/score_cells.mjs";
import { fixed } from "../../../kd_edge/page/app/numbers.mjs";
import { guessColumns } from "../../../kd_edge/page/app/columns.mjs";
import { openTable } from "../../../kd_edge/page/app/table_reader.mjs";
import { safe } from "../../../kd_edge/page/app/table_writer.mjs";
import { useNames } from "../../../kd_edge/page/app/usual_names.mjs";
import { saveScoredTable, scoreTableRows } from "../../../kd_edge/page/app/table_work.mjs";
import { bytesOf, core, folder, jsonOf } from "./cases.mjs";

useNames(jsonOf("names.json"));

/** What the page reads, in the words of table_cases.py. @param {string} name */
async function asRead(name) {
  try {
    const table = await openTable(new File([bytesOf(name)], name));
    const [numbers, rows] = [[], []];
    for await (const batch of table.batches()) {
      numbers.push(...batch.numbers);
      rows.push(...batch.rows);
    }
    const { layout } = table;
    return {
      header: table.header,
      encoding: table.encoding,
      delimiter: layout.delimiter,
      namesDelimiter: layout.namesDelimiter,
      lineEnd: layout.lineEnd,
      quoted: layout.quoted,
      numbers,
      rows,
      problems: table.problems.map(({ row, key }) => [row, key]),
      cutOff: table.cutOff,
      guess: [1, 2].map((items) => guessColumns(table.header, items)),
    };
  } catch (error) {
    if (error?.name !== "Error" || !error.key) throw error;
    return { refused: error.key === "badHeader" ? error.values.why : error.key };
  }
}

test("tables are read as Python reads them", async () => {
  const cases = jsonOf("tables.json");
  const kinds = new Set();
  for (const { name, read } of cases) {
    assert.deepEqual(await asRead(name), read, name);
    kinds.add(read.refused ?? read.encoding);
    for (const [, key] of read.problems ?? []) kinds.add(key);
  }
  assert.ok(kinds.size >= 15, [...kinds].join(" "));
});

test("scores of people, and cells that might be formulas", () => {
  const { scored, safe: cells } = jsonOf("cells.json");
  for (const [cell, classes, place] of scored) assert.equal(classOf(cell, classes), place, JSON.stringify(cell));
  assert.ok(scored.filter(([, , place]) => place >= 0).length > 250);
  for (const [cell, written] of cells) assert.equal(safe(cell), written, JSON.stringify(cell));
});

test("numbers are written as Python writes them", () => {
  for (const [value, digits, written] of jsonOf("numbers.json")) assert.equal(fixed(value, digits), written, String(value));
});

test("tables are scored and written", async () => {
  const bundle = await core.open(bytesOf("bundle.kdz"));
  const items = new Map(bundle.items.map((item) => [item.id, { bundle, item }]));
  const people = new Map(jsonOf("people.json"));
  for (const { name, columns } of jsonOf("scored.json")) {
    const file = new File([bytesOf(name)], name);
    const [rows, events] = [[], []];
    const work = { isCancelled: () => false, tell: (event) => (event.rows ? rows.push(...event.rows) : events.push(event)) };
    let found;
    try {
      found = await scoreTableRows(items, { file, columns }, work);
    } catch (error) {
      assert.equal(error.key, "cutOff", name);
      await assert.rejects(saveScoredTable(items, { file, columns, people }, work), { key: "cutOff" });
      continue;
    }
    assert.equal(found.rows, rows.length);
    const { progress } = events.at(-1);
    assert.deepEqual([progress.done, progress.of, progress.rows], [file.size, file.size, rows.length]);
    const saved = await saveScoredTable(items, { file, columns, people }, work);
    writeFileSync(join(folder, `saved-${name}`), Buffer.from(await saved.arrayBuffer()));
    writeFileSync(join(folder, `rows-${name}.json`), JSON.stringify(rows.map((row) => [row.at, row.item, row.text, row.score])));
  }
});

test("a work is cancelled, and what is not chosen is said", async () => {
  const bundle = await core.open(bytesOf("bundle.kdz"));
  const items = new Map(bundle.items.map((item) => [item.id, { bundle, item }]));
  const file = new File(["text\n" + "the ice melts\n".repeat(5000)], "t.csv");
  let told = 0;
  const work = { isCancelled: () => told > 0, tell: () => told++ };
  const columns = { id: null, item: null, text: 0, score: null };
  await assert.rejects(scoreTableRows(items, { file, columns }, work), { key: "whichItem" });
  await assert.rejects(scoreTableRows(items, { file, columns: { ...columns, text: null } }, work), { key: "noTextColumn" });
  await assert.rejects(scoreTableRows(items, { file, columns: { ...columns, itemId: "none" } }, work), { key: "noItem" });
  await assert.rejects(scoreTableRows(items, { file, columns: { ...columns, itemId: "stove" } }, work), { key: "cancelled" });
  assert.ok(told < 5);
});

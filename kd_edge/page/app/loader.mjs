// Unpacks the page's program and its style. The policy of the page names the hashes of their texts.
import { blockBytes } from "./blocks.mjs";

/** Shows why nothing starts, in the element that says that the page is starting. @param {unknown} error */
function showNoStart(error) {
  const place = document.getElementById("kd-start");
  if (!place) return;
  place.hidden = false;
  place.textContent = `This page does not start here: it needs a browser of 2023 or later. (${error})`;
}

/** Puts the text of a block into an element of the head. @param {HTMLElement} element @param {string} id */
async function fill(element, id) {
  element.textContent = new TextDecoder().decode(await blockBytes(id));
  document.head.append(element);
}

try {
  const script = document.createElement("script");
  script.type = "module";
  // All at once: the program asks for the core as soon as it runs.
  /** @type {{kdEdgeWasm?: Promise<ArrayBuffer>}} */ (globalThis).kdEdgeWasm = blockBytes("kd-wasm");
  await Promise.all([fill(script, "kd-program"), fill(document.createElement("style"), "kd-style")]);
} catch (error) {
  showNoStart(error);
}

// Unpacks the page's program and runs it. The policy of the page names the hash of its text.
import { blockBytes } from "./blocks.mjs";

/** Shows why nothing starts, in the element that says that the page is starting. @param {unknown} error */
function showNoStart(error) {
  const place = document.getElementById("kd-start");
  if (!place) return;
  place.hidden = false;
  place.textContent = `This page does not start here: it needs a browser of 2023 or later. (${error})`;
}

try {
  const script = document.createElement("script");
  script.type = "module";
  script.textContent = new TextDecoder().decode(await blockBytes("kd-program"));
  document.head.append(script);
} catch (error) {
  showNoStart(error);
}

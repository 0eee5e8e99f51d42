// Starts the page.
import { openPage, scoreOne } from "./scoring.mjs";

/** @param {string} id */
const byId = (id) => /** @type {any} */ (document.getElementById(id));

try {
  const { items } = await openPage();
  for (const item of items) byId("item").append(new Option(item.title, item.id));
  byId("score").addEventListener("click", async () => {
    const score = await scoreOne(byId("item").value, byId("text").value);
    byId("result").textContent = JSON.stringify(score, null, 1);
  });
  byId("kd-start").hidden = true;
  /** @type {HTMLElement} */ (document.querySelector("main")).hidden = false;
} catch (error) {
  byId("kd-start").textContent = error instanceof Error ? error.message : String(error);
}

// Starts the page: language, items, and the three views.
import { drawAbout, drawQuestion } from "./about.mjs";
import { byId } from "./dom.mjs";
import { openPage } from "./scoring.mjs";
import { SingleView } from "./single.mjs";
import { TableView } from "./table_view.mjs";
import { bestLanguage, languages, say, setLanguage, translate } from "./words.mjs";

/** @typedef {import("./scoring.mjs").ItemInfo} ItemInfo */

const VIEWS = ["one", "table", "about"];

/** Draws what is drawn only where it is seen. */
let drawSeen = () => {};

/** Shows a view, and its tab as the chosen one. @param {string} name */
function showView(name) {
  for (const one of VIEWS) {
    byId(`view-${one}`).hidden = one !== name;
    byId(`tab-${one}`).setAttribute("aria-selected", String(one === name));
    byId(`tab-${one}`).tabIndex = one === name ? 0 : -1;
  }
  drawSeen();
}

function listenToTabs() {
  for (const [place, name] of VIEWS.entries()) {
    byId(`tab-${name}`).addEventListener("click", () => showView(name));
    byId(`tab-${name}`).addEventListener("keydown", (/** @type {KeyboardEvent} */ { key }) => {
      const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
      if (!step) return;
      const other = VIEWS[(place + step + VIEWS.length) % VIEWS.length];
      showView(other);
      byId(`tab-${other}`).focus();
    });
  }
}

/** Writes all that stands on the page in a language. @param {string} code */
function translatePage(code) {
  setLanguage(code);
  document.documentElement.lang = code;
  document.title = say("title");
  translate(document);
}

async function start() {
  const opening = openPage();
  for (const { code, name } of languages()) byId("language").append(new Option(name, code));
  const language = byId("language");
  language.value = bestLanguage(navigator.languages);
  // While the worker opens the bundles.
  translatePage(language.value);
  const page = await opening;
  byId("made").textContent = `kd-edge ${page.version}`;
  for (const item of page.items) byId("item").append(new Option(item.title, item.id));
  byId("item-choice").hidden = page.items.length === 1;
  const chosen = () => /** @type {ItemInfo} */ (page.items.find(({ id }) => id === byId("item").value));

  const single = new SingleView(chosen);
  const table = new TableView(page, chosen);
  drawSeen = () => {
    if (!byId("view-about").hidden) drawAbout(chosen(), page);
  };
  const drawItem = () => {
    drawQuestion(chosen());
    drawSeen();
  };
  language.addEventListener("change", () => {
    translatePage(language.value);
    drawItem();
    single.redraw();
    table.redraw();
  });
  byId("item").addEventListener("change", () => {
    drawItem();
    single.itemChanged();
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    showView("table");
    table.drop(file);
  });
  listenToTabs();
  drawItem();
  showView("one");
  table.redraw();
  byId("kd-start").hidden = true;
  byId("main").hidden = false;
}

try {
  await start();
} catch (error) {
  byId("kd-start").textContent = error instanceof Error ? error.message : String(error);
}

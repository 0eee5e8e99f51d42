// Every type of kd_edge.d.mts, used as a program would; and the module has what it declares.
import * as declared from "../../../kd_edge/page/core/kd_edge.mjs";
import type { Bundle, Explanation, Item, Push, Score } from "../../../kd_edge/page/core/kd_edge.mjs";

export async function used(bytes: ArrayBuffer): Promise<string[]> {
  await declared.init();
  await declared.init(new URL("https://example.org/kd_edge.wasm"));
  await declared.init(await WebAssembly.compile(bytes));
  const bundle: Bundle = await declared.open(new Uint8Array(bytes));
  const item: Item = bundle.items[0];
  const score: Score = bundle.score("the ice", item.id);
  const many: Score[] = bundle.scoreMany(["the ice", "melts"]);
  const explanation: Explanation = bundle.explain("the ice");
  const push: Push = explanation.pushes[0];
  const sums: number = score.expected + score.confidence + many[0].probabilities[0] + push.pushes[0] + push.times;
  const card: string = new TextDecoder().decode(await bundle.read(bundle.card));
  // @ts-expect-error a list is not a text
  bundle.score(["the ice"]);
  // @ts-expect-error no such field
  score.certainty;
  if (score.flag === "review") throw new declared.KdEdgeError(card);
  return [...declared.words("the ice", 2), score.predicted, String(sums), ...explanation.unknown];
}

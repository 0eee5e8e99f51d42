/** Scores responses with a kd-edge bundle, in a web page or in Node 18 and later. */

/** What is wrong, where, and what to do: for people. A message never quotes a response. */
export class KdEdgeError extends Error {
  constructor(message: string);
}

/**
 * Loads the core. Without a source: `kd_edge.wasm` beside this module. It need not be called where that is
 * so; a page that has the core within itself gives its bytes.
 *
 * @throws KdEdgeError if it cannot be loaded
 */
export function init(source?: ArrayBuffer | Uint8Array | URL | string | WebAssembly.Module): Promise<void>;

/**
 * Opens a bundle: the bytes of a `.kdz`, which have to stay as they are.
 *
 * @throws KdEdgeError if it is no bundle, damaged, or of a newer format
 */
export function open(bytes: ArrayBuffer | Uint8Array): Promise<Bundle>;

/** The words of a text, by text rules 1 or 2, once `init` or `open` is done. */
export function words(text: string, rules: number): string[];

/** An open bundle. Its memory goes when nothing refers to it any more. */
export interface Bundle {
  readonly items: readonly Item[];
  /** When it was written, ISO 8601 in UTC. */
  readonly created: string;
  /** The name of the member with the model card, Markdown in UTF-8. */
  readonly card: string;
  /** The names of all members. */
  readonly members: readonly string[];
  /** The bytes of a member, checked against the manifest. */
  read(name: string): Promise<Uint8Array>;
  /** Scores a response. The item's id may be left out where there is only one. */
  score(text: string, item?: string): Score;
  /** Scores responses, in their order. */
  scoreMany(texts: readonly string[], item?: string): Score[];
  /** How far each word of a response pushed its score: of small models of kind `bag` only. */
  explain(text: string, item?: string): Explanation;
}

export interface Item {
  readonly id: string;
  /** The kind of small model: `bag`, `pairs`, `rnn` or `transformer`. */
  readonly student: string;
  /** The scores or class words, from the lowest to the highest. */
  readonly classes: readonly string[];
  /** What each class counts as in an expected score. */
  readonly values: readonly number[];
  readonly decision: "most-probable" | "nearest-expected";
  /** What its score is a part of, where the scores of several items add up; "" otherwise. */
  readonly partOf: string;
  /**
   * The kind of its second student, "" without one. Here the first student alone scores: a program that uses
   * the second may score responses of which the first is not sure otherwise.
   */
  readonly second: string;
  /** The name of the member with its golden rows. */
  readonly golden: string;
  /** Why it cannot be scored here, in words; "" if it can. */
  readonly refusal: string;
}

export interface Score {
  /** The class. */
  readonly predicted: string;
  /** The mean of the classes' values under the probabilities. */
  readonly expected: number;
  /** The probability of `predicted`. */
  readonly confidence: number;
  /** Why a person should look; "" for nothing. */
  readonly flag: "" | "empty" | "long" | "prompt" | "repeats" | "unlike" | "list" | "review";
  /** One for each class. */
  readonly probabilities: readonly number[];
}

export interface Explanation {
  /** The logits before any word, less their mean. */
  readonly start: readonly number[];
  /** Those of every known word and pair of neighbours, the strongest first. */
  readonly pushes: readonly Push[];
  /** The unknown words, in order, without repetition. */
  readonly unknown: readonly string[];
}

export interface Push {
  /** The word (with its runs of letters), or both words of a pair, as the text rules read them. */
  words: string[];
  /** How often it occurs. */
  times: number;
  /** What all occurrences added to each class's logit; their mean is 0. */
  pushes: number[];
  /** The range from the least to the most favoured class. */
  strength: number;
}

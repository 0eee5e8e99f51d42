/** What is wrong, where, and what to do: for people. A message never quotes a response. */
export class KdEdgeError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "KdEdgeError";
  }
}

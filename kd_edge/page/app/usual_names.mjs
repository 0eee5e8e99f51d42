// The usual names of columns, and the letters of languages: the lists of kd_edge_runtime, which the exporter puts in.

/**
 * @typedef {"response_id" | "item_id" | "text" | "score" | "score2" | "group" | "split"} RoleName
 *
 * @typedef {object} Role
 * @property {RoleName} name
 * @property {string[]} tiers its usual names as `plainName` leaves them, with spaces between; each tier beats the next
 *
 * @typedef {object} UsualNames
 * @property {Role[]} roles
 * @property {string[]} forms columns that online forms add
 * @property {import("./letters.mjs").Language[]} western languages that are written in Windows-1252
 * @property {import("./letters.mjs").Language} people names from all over
 */

/** @type {UsualNames} */
let names;
/** @type {Set<string>} */
let known;

/** @param {UsualNames} given */
export function useNames(given) {
  names = given;
  known = new Set(given.roles.flatMap(namesOf));
}

/** A role's usual names. @param {Role} role */
export const namesOf = ({ tiers }) => tiers.flatMap((tier) => tier.split(" "));

/** Whether a name, as `plainName` leaves it, is a usual one for any role. @param {string} name */
export const isUsual = (name) => known.has(name);

export function usual() {
  return names;
}

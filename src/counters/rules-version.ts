/**
 * The version of the rules of this folder. It grows with every change that makes other deltas or trends of the same
 * snapshots and decisions; `rebuild` then brings stored rows to the new rules.
 */
export const RULES_VERSION = 1

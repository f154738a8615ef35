/**
 * The version of the rules in this folder. Raise it with every change that makes different deltas or trends from the
 * same snapshots and decisions; `primosync rebuild` then derives stored rows by the new rules.
 */
export const RULES_VERSION = 1

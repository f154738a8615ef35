// Words that several doors share.

/** What to do about categories whose note is `empty`. */
export const EMPTY_HINT =
  'A category that is empty has never had a message. If it should have some, check its spelling: names must match exactly.'

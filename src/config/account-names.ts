// Account names with a fixed meaning.

/** The account of PRIMOTEXTO_API_KEY. */
export const DEFAULT_ACCOUNT = 'default'

/** The account of all demo data. No account of the settings may have this name. */
export const DEMO_ACCOUNT = 'sandbox'

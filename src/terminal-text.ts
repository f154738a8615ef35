// Text from outside (category names, answers) on a terminal: characters that could move the cursor, start an escape
// sequence or reorder a line are shown as escapes.

// Controls (C0, DEL, C1), line separators, bidirectional marks and overrides, halves of surrogate pairs
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const COLOR_OR_UNSAFE = new RegExp(`\\u001b\\[[\\d;]*m|${UNSAFE.source}`, 'gu')

/** One safe line: a tab becomes \t, a line break \n, an escape character \u001b. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return unicodeEscape(character)
  })
}

/** JSON text that means the same and is safe to show. */
export function safeJson(json: string): string {
  // JSON.stringify has already escaped what could break a string; line breaks here are layout
  return json.replace(UNSAFE, (character) => (character === '\n' ? character : unicodeEscape(character)))
}

/** Lines that are laid out and coloured already: breaks and colours stay, all else is escaped. */
export function safeLines(text: string): string {
  return text.replace(COLOR_OR_UNSAFE, (part) =>
    part === '\n' || part.length > 1 ? part : unicodeEscape(part),
  )
}

const unicodeEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

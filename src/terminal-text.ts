// Text from outside (category names, answers) on a terminal: characters that could move the cursor, start an escape
// sequence or reorder a line are shown as escapes.

// Control characters (C0, DEL, C1), line separators, bidirectional marks and overrides, lone surrogates.
const UNSAFE = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const COLOR_OR_UNSAFE = new RegExp(`\\u001b\\[[\\d;]*m|${UNSAFE.source}`, 'gu')

/** Returns one safe line: a tab becomes \t, a line break \n, an escape character \u001b. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return unicodeEscape(character)
  })
}

/** Returns equivalent JSON that is safe to show. */
export function safeJson(json: string): string {
  // JSON.stringify has escaped line breaks in strings, so the remaining ones are layout.
  return json.replace(UNSAFE, (character) => (character === '\n' ? character : unicodeEscape(character)))
}

/** For text with layout: keeps line breaks and colours, and escapes everything else that is unsafe. */
export function safeLines(text: string): string {
  return text.replace(COLOR_OR_UNSAFE, (part) =>
    part === '\n' || part.length > 1 ? part : unicodeEscape(part),
  )
}

const unicodeEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

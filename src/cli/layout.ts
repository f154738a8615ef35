// Text within so many columns of a terminal, where CJK and emoji take two and accents none.
import stringWidth from 'string-width'

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The text, or its beginning and an ellipsis where it is wider than `columns`. No line breaks, no colours. */
export function cutTo(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text
  let kept = ''
  for (const { segment } of graphemes.segment(text)) {
    if (stringWidth(kept + segment) > columns - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** Blanks after the text, or before it, up to `columns`. */
export function padTo(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const padding = ' '.repeat(Math.max(0, columns - stringWidth(text)))
  return align === 'left' ? text + padding : padding + text
}

/** Lines of at most `columns`, broken between words; a word that is wider stays whole. Null: one line. */
export function wrapTo(text: string, columns: number | null): string[] {
  if (columns === null || stringWidth(text) <= columns) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && stringWidth(longer) > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

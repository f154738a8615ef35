// JSON.parse with source text access, in Node since 21 and not yet in TypeScript's own declarations:
// https://github.com/tc39/proposal-json-parse-with-source

interface RawJSON {
  readonly rawJSON: string
}

interface JSON {
  /** `context.source` is the text of a number, string, boolean or null as it stands in `text`. */
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): RawJSON
  isRawJSON(value: unknown): value is RawJSON
}

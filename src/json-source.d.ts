// JSON.parse with source text access: in Node since 21, but not in TypeScript's own declarations yet.
// https://github.com/tc39/proposal-json-parse-with-source

interface RawJSON {
  readonly rawJSON: string
}

interface JSON {
  /** `context.source` is the text of a number, string, boolean or null as it is written in `text`. */
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): RawJSON
  isRawJSON(value: unknown): value is RawJSON
}

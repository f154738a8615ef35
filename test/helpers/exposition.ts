// Parses /metrics as Prometheus does: names, types, and samples with their labels.

export interface Exposed {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly { name: string; labels: Record<string, string>; value: number }[]
  /** Returns the value of the only sample with this name and these labels; undefined if there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined
}

const LABEL = /([a-z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy
const ESCAPES: Record<string, string> = { '\\\\': '\\', '\\"': '"', '\\n': '\n' }

/** Throws on a line that is not in the text format. */
export function readExposition(text: string): Exposed {
  const types = new Map<string, string>()
  const samples: Exposed['samples'][number][] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    const type = /^# TYPE (\S+) (\S+)$/.exec(line)
    if (type) types.set(type[1]!, type[2]!)
    else samples.push(readSample(line))
  }
  return {
    types,
    samples,
    value(name, labels = {}) {
      const found = samples.filter(
        (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text),
      )
      if (found.length > 1) throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`)
      return found[0]?.value
    },
  }
}

function readSample(line: string) {
  const [, name, labelText = '', value] = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  const labels = [...labelText.matchAll(LABEL)]
  if (name === undefined || labels.map(([all]) => all).join('') !== labelText) {
    throw new Error(`not in the text format: ${line}`)
  }
  return {
    name,
    labels: Object.fromEntries(
      labels.map(([, key, text]) => [key, text!.replace(/\\["\\n]/g, (one) => ESCAPES[one]!)]),
    ),
    value: Number(value === '+Inf' ? Infinity : value),
  }
}

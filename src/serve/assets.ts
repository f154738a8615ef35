// The style sheet and scripts of the pages, from this package and from uPlot's. Their address holds a hash of all of
// them, so that browsers can cache them for ever and never mix two versions.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OURS = fileURLToPath(new URL('../../assets/', import.meta.url))
const UPLOT = join(dirname(createRequire(import.meta.url).resolve('uplot/package.json')), 'dist')

const FILES: Readonly<Record<string, string>> = {
  'style.css': OURS,
  'theme.js': OURS,
  'page.js': OURS,
  'chart.js': OURS,
  'icon.svg': OURS,
  'uPlot.iife.min.js': UPLOT,
  'uPlot.min.css': UPLOT,
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

export interface Asset {
  readonly body: Buffer<ArrayBuffer>
  readonly type: string
}

export interface Assets {
  /** The address of a file; throws if there is no such file. */
  url(name: string): string
  /** Undefined for another version, or another name. */
  find(version: string, name: string): Asset | undefined
}

export function loadAssets(): Assets {
  const assets = new Map(
    Object.entries(FILES).map(([name, folder]): [string, Asset] => [
      name,
      { body: readFileSync(join(folder, name)), type: TYPES[name.split('.').at(-1)!]! },
    ]),
  )
  const version = [...assets.values()]
    .reduce((hash, { body }) => hash.update(body), createHash('sha256'))
    .digest('base64url')
    .slice(0, 12)
  return {
    url(name) {
      if (!assets.has(name)) throw new Error(`there is no asset ${name}`)
      return `/assets/${version}/${name}`
    },
    find: (wanted, name) => (wanted === version ? assets.get(name) : undefined),
  }
}

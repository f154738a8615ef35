// What the pages read of a range of days: trends of one category or of several, their edges, what happened meanwhile.
import { USUAL_SECONDS } from '../../counters/grains.ts'
import type { CategoryKey } from '../../read/category-keys.ts'
import { readEvents, readGaps } from '../../read/events.ts'
import { wideGapSeconds } from '../../read/gap.ts'
import type { Source } from '../../read/source.ts'
import { readEdges, readNewestTrends, type Trend } from '../../read/trends.ts'
import type { PageQuery } from './category.ts'

/** Trends with their edges, and what happened meanwhile. */
export async function readCategoryRange(
  source: Source,
  query: PageQuery,
  facts: CategoryKey & { expected_every_seconds: number | null },
) {
  const [rows, edgesOf] = await Promise.all([
    readNewestTrends(source, query, facts),
    edgeFinder(source, query),
  ])
  const edges = rows.map(({ bucket }) => edgesOf(bucket))
  if (rows.length === 0) return { rows, edges, events: [], gaps: [] }
  const longerThanSeconds = wideGapSeconds(query.by, facts.expected_every_seconds)
  const [events, gaps] = await Promise.all([
    readEvents(source, facts, new Date(edges.at(-1)![0]), new Date(edges[0]![1])),
    readGapsAround(source, facts, rows, edges, longerThanSeconds),
  ])
  return { rows, edges, events, gaps }
}

/** Reads gaps only within the buckets that have a wide one, as all deltas of a range would be too many. */
async function readGapsAround(
  source: Source,
  key: CategoryKey,
  rows: readonly Trend[],
  edges: readonly (readonly [number, number])[],
  longerThanSeconds: number,
) {
  const wide = edges.filter((_, i) => (rows[i]!.widest_gap_seconds ?? 0) > longerThanSeconds)
  if (wide.length === 0) return []
  const range = { from: new Date(wide.at(-1)![0]), until: new Date(wide[0]![1]), longerThanSeconds }
  return await readGaps(source, key, range)
}

export function compare(source: Source, query: PageQuery, keys: readonly CategoryKey[]) {
  return Promise.all(keys.map(async (key) => ({ key, rows: await readNewestTrends(source, query, key) })))
}

export async function edgeFinder(source: Source, query: PageQuery) {
  const edges = await readEdges(source, query)
  const dayEnds = [...edges.values()].map(([, end]) => end)
  return (bucket: Date | string): readonly [number, number] => {
    if (typeof bucket === 'string') return edges.get(bucket)!
    const start = bucket.getTime()
    // the last hour of a day may be shorter, where clocks change by half an hour
    const dayEnd = dayEnds.find((end) => end > start) ?? Infinity
    return [start, Math.min(start + USUAL_SECONDS.hour * 1000, dayEnd)]
  }
}

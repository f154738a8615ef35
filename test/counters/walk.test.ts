// The contract's section 3, a row per clause, written as a line of what the provider said.
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/counters/names.ts'
import type { Decision } from '../../src/counters/step.ts'
import { Walk, type Walked } from '../../src/counters/walk.ts'

const HOUR_MS = 3_600_000
const UNIT_MS = { ms: 1, h: HOUR_MS, d: 24 * HOUR_MS } as const

function expectWalk(cases: readonly (readonly [what: string, said: string, deltas: string])[]): void {
  test.each(cases)('%s: %s', (_, said, deltas) => expect(walkOf(said)).toBe(deltas))
}

describe('rules 1 to 4: from one snapshot to the next', () => {
  expectWalk([
    ['a first snapshot is the baseline, whatever its size', '5000', ''],
    ['steady sending', '100 130', 'growth 30'],
    ['a quiet hour', '130 130', 'growth 0'],
    ['a small fall is a correction', '130 128', 'correction -2'],
    ['so is one fall among others', '100/100 130/90', 'correction 30/-10'],
    ['exactly half is no reset', '130 65', 'correction -65'],
    ['less than half is one, and counts in full', '130 64', 'reset 64'],
    ['the sum is judged, not each counter', '100/100 10/100', 'correction -90/0'],
    ['the known part must hold half of the total', '49/51 0/-', 'correction -49'],
    ['half is enough', '50/50 0/-', 'reset 0'],
    ['a reset also sets back what it leaves out', '90/10 0/- 5/3', 'reset 0, growth 5/3'],
    ['nothing can fall from nothing', '0 0', 'growth 0'],
    ['a counter seen later is a baseline of its own', '10/- 10/7 10/9', 'growth 0, growth 0/2'],
    ['one that is missing waits for its next value', '10/5 11/- 12/9', 'growth 1, growth 1/4'],
  ])
})

describe('rule 5: dips', () => {
  expectWalk([
    ['below a tenth and back', '1000 99 1010', 'dip, growth 10'],
    ['a tenth is too much', '1000 100 1010', 'reset 100, growth 910'],
    ['nine tenths are back', '1000 0 900', 'dip, correction -100'],
    ['less is not', '1000 0 899', 'reset 0, growth 899'],
    ['several snapshots', '1000 0 5 0 1010', 'dip, dip, dip, growth 10'],
    ['back in one step only', '1000 0 500 1000', 'reset 0, growth 500, growth 500'],
    ['a reset until it is back', '1000 0', 'reset 0'],
    ['back 24 hours after the one before', '1000 +22h 0 0 1000', 'dip, dip, growth 0'],
    ['and no later', '1000 +22h 0 0 +1h +1ms 1000', 'reset 0, growth 0, growth 1000'],
    ['a single one has 7 days', '1000 +3d 0 +4d 1000', 'dip, growth 0'],
    ['and no more', '1000 +3d 0 +4d +1ms 1000', 'reset 0, growth 1000'],
    ['one after the other', '1000 0 1000 0 1000', 'dip, growth 0, dip, growth 0'],
    ['the walk goes on from before it', '1000 0 1000 400', 'dip, growth 0, reset 400'],
    ['counters known throughout decide', '400/600 0/0 -/0 400/600', 'dip, dip, growth 0/0'],
    ['which must hold half', '600/400 0/0 -/0 600/400', 'reset 0/0, growth -/0, growth 600/400'],
    ['a decided dip within is as if it were not there', '1000 0 5000!dip 1000', 'dip, dip!, growth 0'],
    ['and makes no two of a single one', '1000 +3d 0 0!dip +3d 1000', 'dip, dip!, growth 0'],
    [
      'another decision within ends the search',
      '1000 0 0!correction 1000',
      'reset 0, correction! 0, growth 1000',
    ],
    ['also one on the way back', '1000 0 1000!reset', 'reset 0, reset! 1000'],
  ])
})

describe('rule 8: decisions', () => {
  expectWalk([
    ['a reset', '100 90!reset', 'reset! 90'],
    ['a correction', '100 10!correction', 'correction! -90'],
    ['whose kind shows whatever the signs are', '100 110!correction', 'correction! 10'],
    ['a baseline forgets what was known', '100/50 10/-!baseline 12/60', 'baseline!, growth 2'],
    ['a dip is skipped', '100 7000!dip 105', 'dip!, growth 5'],
    ['after a first dip comes the baseline', '0!dip 100 110', 'dip!, growth 10'],
    ['others have no effect on what becomes the first', '0!dip 100!reset 110', 'dip!, growth 10'],
  ])
})

describe('rules 6 and 7: what takes no part in the kind', () => {
  const said = (at: number, sent: number, timespent: string | null, extra: string | null): Snapshot => {
    return { at, counters: [sent, ...Array(11).fill(null)], timespent, extra }
  }
  test.each([
    ['a level goes up and down, exactly', [said(1, 5, '0.3', null), said(2, 5, '0.1', null)], '-0.2', null],
    ['and survives a reset', [said(1, 90, '7', null), said(2, 5, '8', null)], '1', null],
    ['and being missing', [said(1, 5, '7', null), said(2, 5, null, null), said(3, 5, '9', null)], '2', null],
    [
      'fields that count are differenced',
      [said(1, 5, null, '{"a":7,"b":1}'), said(2, 5, null, '{"a":4e0,"c":9}')],
      null,
      { a: -3 },
    ],
    ['and set back by a reset', [said(1, 90, null, '{"a":7}'), said(2, 5, null, '{"a":9}')], null, { a: 9 }],
    [
      'also where it leaves them out',
      [said(1, 90, null, '{"a":7}'), said(2, 5, null, null), said(3, 6, null, '{"a":3}')],
      null,
      { a: 3 },
    ],
    [
      'not those that are no whole numbers',
      [said(1, 5, null, '{"a":"7","b":1.5}'), said(2, 5, null, '{"a":"8","b":2}')],
      null,
      null,
    ],
    [
      'whatever they are called',
      [said(1, 5, null, '{"__proto__":7}'), said(2, 5, null, '{"__proto__":9,"constructor":1}')],
      null,
      JSON.parse('{"__proto__":2}'),
    ],
  ])('%s', (_, snapshots, timespent, extra) => {
    const { delta } = walkAll(snapshots).at(-1)!
    expect({ ...delta, extra: delta!.extra && Object.entries(delta!.extra) }).toMatchObject({
      timespent,
      extra: extra && Object.entries(extra),
    })
  })
})

/**
 * The deltas of a line such as `100 +3d 90/- 5!reset`: snapshots an hour apart, or so much as is written
 * before; counters in their order, `-` where unknown; `!` before what was decided.
 */
function walkOf(line: string): string {
  const decisions = new Map<number, Decision>()
  const snapshots: Snapshot[] = []
  let at = 0
  let pauseMs = 0
  for (const word of line.split(' ')) {
    const [, amount, unit] = /^\+(\d+)(ms|h|d)$/.exec(word) ?? []
    if (unit !== undefined) {
      pauseMs += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
      continue
    }
    at += pauseMs || HOUR_MS
    pauseMs = 0
    const [values, decision] = word.split('!')
    const known = values!.split('/').map((value) => (value === '-' ? null : Number(value)))
    const counters = Array.from({ length: 12 }, (_, i) => known[i] ?? null)
    snapshots.push({ at, counters, timespent: null, extra: null })
    if (decision !== undefined) decisions.set(at, decision as Decision)
  }
  return walkAll(snapshots, decisions).flatMap(told).join(', ')
}

function walkAll(snapshots: Snapshot[], decisions = new Map<number, Decision>()): Walked[] {
  const walk = new Walk(decisions)
  const walked = snapshots.flatMap((snapshot) => walk.push(snapshot))
  return [...walked, ...walk.end().walked]
}

/** The kind, `!` where it was decided, and the changes; what is unknown at the end is left out. */
function told({ delta }: Walked): string[] {
  if (delta === null) return []
  const changes = delta.counters.map((by) => by ?? '-').join('/')
  return [`${delta.kind}${delta.decided ? '!' : ''} ${changes.replace(/\/?-(\/-)*$/, '')}`.trim()]
}

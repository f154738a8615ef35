// The rules against the oracle, in memory: every delta of every random life.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Snapshot } from '../../src/counters/names.ts'
import { gainedBy } from '../../src/counters/spread.ts'
import type { Decision, Delta } from '../../src/counters/step.ts'
import { append, Walk, type Walked, type WalkState } from '../../src/counters/walk.ts'
import { type OracleDecision, type OracleDelta, oracleDeltas } from '../oracle/oracle.ts'
import { DECISION, seriesOf } from '../oracle/series.ts'

const RUNS = Number(process.env.PROPERTY_RUNS ?? 300)
const AT = Date.UTC(2024, 0, 15)
const series = seriesOf({ firstAt: AT, lastAt: AT + 3e12, maxLength: 24 })

/** Each on the snapshot that `which` picks by remainder. */
const decisions = fc.array(fc.record({ which: fc.nat(), as: DECISION }), { maxLength: 6 })

describe('a walk over any series', () => {
  test('gives the deltas of the oracle, whatever was decided', () => {
    fc.assert(
      fc.property(series, decisions, (snapshots, wishes) => {
        const decisions = wishes.map(({ which, as }) => ({ at: snapshots[which % snapshots.length]!.at, as }))
        expect(walked(snapshots, decisions)).toEqual(oracleDeltas(snapshots, decisions))
      }),
      { numRuns: RUNS },
    )
  })

  test('is the same snapshot by snapshot at the end, with a new start where a dip ends', () => {
    fc.assert(
      fc.property(series, (snapshots) => {
        let state: WalkState = { standing: null, open: [] }
        let deltas: Walked[] = []
        for (const [i, snapshot] of snapshots.entries()) {
          const appended = append(state, snapshot)
          if (appended === null) {
            const anew = walkAll(snapshots.slice(0, i + 1), new Map())
            state = anew.state
            deltas = anew.walked
          } else {
            state = appended.state
            deltas.push({ snapshot, delta: appended.delta })
          }
        }
        expect(deltas.flatMap(asOracle)).toEqual(oracleDeltas(snapshots, []))
        expect(state).toEqual(walkAll(snapshots, new Map()).state)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('what is gained of a change', () => {
  const change = fc.record({
    start: fc.nat(1_000_000),
    elapsed: fc.integer({ min: 1, max: 1e12 }),
    delta: fc.maxSafeInteger(),
  })

  test('grows evenly, and is nothing at the start and all at the end', () => {
    fc.assert(
      fc.property(change, fc.nat(), fc.nat(), ({ start, elapsed, delta }, one, other) => {
        const [early, late] = [one % elapsed, other % elapsed].sort((a, b) => a - b) as [number, number]
        const gained = (after: number) => gainedBy(start + after, start, start + elapsed, delta)
        expect([gained(-1), gained(0), gained(elapsed), gained(elapsed + 1)]).toEqual(
          [0, 0, delta, delta].map(BigInt),
        )
        expect(gained(late) - gained(early)).toSatisfy((by: bigint) => by === 0n || by > 0n === delta > 0)
        // within a half of the exact part, and up where it is just a half
        const doubled = 2n * BigInt(elapsed) * abs(gained(early))
        const exact = 2n * BigInt(early) * abs(BigInt(delta))
        expect(doubled - exact).toSatisfy((by: bigint) => by <= BigInt(elapsed) && by > -BigInt(elapsed))
      }),
      { numRuns: RUNS },
    )
  })
})

const abs = (value: bigint) => (value < 0n ? -value : value)

function walked(snapshots: readonly Snapshot[], decisions: readonly OracleDecision[]): OracleDelta[] {
  const held = new Map<number, Decision>()
  for (const { at, as } of decisions) {
    if (as === 'auto') held.delete(at)
    else held.set(at, as as Decision)
  }
  return walkAll(snapshots, held).walked.flatMap(asOracle)
}

function walkAll(snapshots: readonly Snapshot[], decisions: ReadonlyMap<number, Decision>) {
  const walk = new Walk(decisions)
  const before = snapshots.flatMap((snapshot) => walk.push(snapshot))
  const { walked, state } = walk.end()
  return { walked: [...before, ...walked], state }
}

function asOracle({ snapshot, delta }: Walked): OracleDelta[] {
  return delta === null ? [] : [{ at: snapshot.at, ...inBigints(delta) }]
}

function inBigints({ counters, extra, ...rest }: Delta) {
  return {
    ...rest,
    counters: counters.map((by) => (by === null ? null : BigInt(by))),
    extra:
      extra &&
      Object.entries(extra)
        .map(([name, by]) => [name, BigInt(by)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
  }
}

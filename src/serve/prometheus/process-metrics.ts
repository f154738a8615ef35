// What this process did since its start: ticks, requests, failures, answers.
import { Counter, Histogram, type Registry } from 'prom-client'
import { ERROR_CLASSES } from '../../primotexto/answer.ts'
import type { ClientWatcher } from '../../primotexto/client.ts'
import { TICK_OUTCOMES, type TickOutcome } from '../../sync/daemon.ts'
import type { TickReport } from '../../sync/tick.ts'
import type { RunCounts } from '../../warehouse/runs.ts'

/** Seconds, up to the usual time limit of a request and beyond. */
const REQUEST_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Callbacks that count what happens. */
export interface ProcessMetrics extends ClientWatcher {
  onDue(outcome: TickOutcome): void
  onTick(report: TickReport): void
  onLate(counts: RunCounts): void
}

export function createProcessMetrics(registry: Registry): ProcessMetrics {
  const registers = [registry]
  const ticks = new Counter({
    name: 'primosync_ticks_total',
    help: 'Instants at which a tick was due, by outcome.',
    labelNames: ['status'],
    registers,
  })
  const requests = new Histogram({
    name: 'primosync_api_request_duration_seconds',
    help: 'Time from the start of one request to the provider to the last byte of its answer.',
    labelNames: ['outcome'],
    buckets: REQUEST_BUCKETS,
    registers,
  })
  const failures = new Counter({
    name: 'primosync_failures_total',
    help: 'Categories that got no answer in a tick, after all retries, by class of the failure.',
    labelNames: ['class'],
    registers,
  })
  const stored = new Counter({
    name: 'primosync_snapshots_stored_total',
    help: 'Snapshots stored in the database, also those that had waited in the spool.',
    registers,
  })
  const rejected = new Counter({
    name: 'primosync_answers_rejected_total',
    help: 'Answers that were rejected (sync.rejected) instead of being stored as snapshots.',
    registers,
  })
  // All start at zero, so that the first event of a kind is an increase, too.
  for (const status of TICK_OUTCOMES) ticks.inc({ status }, 0)
  for (const failureClass of ERROR_CLASSES) failures.inc({ class: failureClass }, 0)
  requests.zero({ outcome: 'reading' })
  return {
    onDue: (status) => ticks.inc({ status }),
    onTick(report) {
      stored.inc(report.stored + report.late)
      rejected.inc(report.rejected)
    },
    onLate(counts) {
      stored.inc(counts.stored)
      rejected.inc(counts.rejected)
    },
    onRequest: (durationMs, outcome) => requests.observe({ outcome }, durationMs / 1000),
    onFailure: (failureClass) => failures.inc({ class: failureClass }),
  }
}

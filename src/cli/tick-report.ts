// A tick's outcome in words and as an exit code.
import type { ExitCode } from '../errors.ts'
import type { TickReport } from '../sync/tick.ts'

/** Contract, section 6: 1 failed, 3 part of the categories failed, 4 stored only in the spool; the first that is true of 1, 4, 3. */
export function exitCodeOf(report: TickReport | null): ExitCode | undefined {
  if (report === null) return undefined
  if (report.status === 'failed') return 1
  if (report.waiting) return 4
  return report.status === 'partial' ? 3 : undefined
}

/** One line for people. */
export function describeReport(report: TickReport | null, isDemo: boolean): string {
  if (report === null) return 'Nothing to do: another process ran this tick.'
  const { categories, stored, failed, rejected, late, waiting, problem, durationMs } = report
  if (categories === 0) {
    return 'There is no active category. Add one: primosync category add NAME, or set PRIMOTEXTO_CATEGORIES.'
  }
  const parts = [
    `${categories} ${categories === 1 ? 'category' : 'categories'} in ${(durationMs / 1000).toFixed(1)} s`,
    waiting ? `${stored} stored, the rest waits in the spool` : `${stored} stored`,
    ...(failed > 0 ? [`${failed} failed or not asked (see sync.failures)`] : []),
    ...(rejected > 0 ? [`${rejected} rejected (see sync.rejected)`] : []),
    ...(late > 0 ? [`${late} of earlier runs stored, too`] : []),
  ]
  const why = problem === null ? '' : `. ${problem}`
  return `${isDemo ? 'demo data: ' : ''}${parts.join(', ')}${why}`
}

/** The report as `--json` prints it. */
export function reportObject(report: TickReport) {
  const { run, durationMs, ...rest } = report
  return { run_key: run, ...rest, duration_seconds: durationMs / 1000 }
}

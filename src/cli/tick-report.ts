// A tick's outcome in words and as an exit code.
import type { ExitCode } from '../errors.ts'
import { PROGRAM } from '../own-command.ts'
import { ADVICE } from '../primotexto/api-error.ts'
import type { Refusal } from '../sync/asking.ts'
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
  const { categories, stored, failed, refused, rejected, late, waiting, problem, durationMs } = report
  if (categories === 0) {
    return `There is no active category. Add one: ${PROGRAM} category add NAME, or set PRIMOTEXTO_CATEGORIES.`
  }
  const parts = [
    `${categories} ${categories === 1 ? 'category' : 'categories'} in ${(durationMs / 1000).toFixed(1)} s`,
    waiting ? `${stored} stored, the rest waits in the spool` : `${stored} stored`,
    ...(failed > 0 ? [`${failed} failed or not asked (see sync.failures)`] : []),
    ...(rejected > 0 ? [`${rejected} rejected (see sync.rejected)`] : []),
    ...(late > 0 ? [`${late} of earlier runs stored, too`] : []),
  ]
  const why = [...refused.map(refusalText), ...(problem === null ? [] : [problem])]
    .map((sentence) => `. ${sentence}`)
    .join('')
  return `${isDemo ? 'demo data: ' : ''}${parts.join(', ')}${why}`
}

const REFUSED: Readonly<Record<Refusal['class'], string>> = {
  authentication: 'The provider refused the API key of the account',
  account: 'The provider refused the account',
}

const refusalText = ({ account, class: errorClass }: Refusal) =>
  `${REFUSED[errorClass]} ${account}. ${ADVICE[errorClass]}`

/** The report as `--json` prints it. */
export function reportObject(report: TickReport) {
  const { run, durationMs, refused, ...rest } = report
  const refused_accounts = refused.map(({ account }) => account)
  return { run_key: run, ...rest, refused_accounts, duration_seconds: durationMs / 1000 }
}

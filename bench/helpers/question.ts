// What a question of the bench is, and what it answers: figures, each a ratio against a named rival.
import type { Server } from './database.ts'

export interface Scale {
  /** The sizes that the goals were set for, instead of those that fit in some minutes. */
  readonly full: boolean
}

export interface Figure {
  readonly what: string
  readonly ours: string
  /** What it is held against, measured in the same run, with its own figure. */
  readonly rival: string
  /** Ours over the rival's, or for a read how many times faster ours is. */
  readonly ratio: number
  /** Null: for information. */
  readonly goal: Goal | null
}

export interface Goal {
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Question {
  readonly name: string
  readonly asks: string
  /** What it runs on at a scale, for the report. */
  readonly sizeAt: (scale: Scale) => string
  answer(server: Server, scale: Scale, say: (line: string) => void): Promise<Figure[]>
}

export function isMet({ ratio, goal }: Figure): boolean {
  return goal === null || (ratio <= (goal.atMost ?? Infinity) && ratio >= (goal.atLeast ?? -Infinity))
}

export function ratioText({ ratio }: Figure): string {
  return `${ratio >= 100 ? Math.round(ratio) : ratio.toFixed(2)}×`
}

export function goalText(figure: Figure): string {
  const { goal } = figure
  if (goal === null) return ''
  const [bound, sign] = goal.atMost === undefined ? [goal.atLeast, '≥'] : [goal.atMost, '≤']
  return `${sign} ${bound}× ${isMet(figure) ? 'met' : 'missed'}`
}

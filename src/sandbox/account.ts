// The sandbox's account itself: the sums over all its categories, also over one that nobody watches, and credits that
// fall by what is sent and are bought again. A pure function of instant and seed.
import { trueTotalsAt } from './lives.ts'

/** What is bought each time that as much has been used, and what is left when it is. Unit: credits, one a message. */
const TOP_UP = 500_000
const LEFT_AT_TOP_UP = 40_000

/** Returns what the sandbox says of the account at an instant (epoch milliseconds). */
export function accountStatsAt(at: number, seed: number): Readonly<Record<string, number>> {
  const { sent, submitted, delivered, bounced, unsubscribers } = trueTotalsAt(at, seed)
  return {
    bounces: bounced,
    credits: LEFT_AT_TOP_UP + TOP_UP - (sent % TOP_UP),
    delivered,
    sent,
    submitted,
    undelivered: sent - delivered,
    unsubscribers,
  }
}

// Faults of the machine: clock, memory, disks and files, and a process that is paused.
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fill } from '../cluster.ts'
import { layDown } from '../segment.ts'
import type { World } from '../world.ts'
import { expectCode, type Fault, lasting, listeningTo, needsMount, within } from './fault.ts'

export const MACHINE: readonly Fault[] = [
  {
    name: 'machine: SIGSTOP for longer than the lease',
    isSlow: true,
    async inject(world) {
      const program = await world.daemon()
      await world.api.next('answer')
      await delay(world.dice.between(0, 300))
      program.pause()
      const other = world.run(['start'], { folder: world.folder('other host') })
      await delay(33_000)
      if (!world.api.answered.some((answer) => answer.program === other.id))
        world.missed('the other program has not taken over')
      program.resume()
      await delay(3_000)
      await other.stop()
    },
  },
  {
    name: 'machine: spool disk full',
    cannot: needsMount,
    async inject(world) {
      const folder = world.folder('small disk', 1)
      const program = world.run(['start'], { folder })
      await delay(world.dice.between(1_500, 2_500))
      const says = listeningTo(program)
      const ballast = join(folder, 'ballast')
      fill(ballast)
      await lasting(world, 3_000, () => says(/There is no room for the spool|ENOSPC/))
      rmSync(ballast)
      await delay(1_500)
      await program.stop()
    },
  },
  {
    name: 'machine: data folder read-only',
    cannot: needsMount,
    async inject(world) {
      const folder = world.folder('small disk', 1)
      const program = world.run(['start'], { folder })
      await delay(world.dice.between(1_500, 2_500))
      // A remount is refused while a segment is open.
      const remount = (how: string) =>
        execFileSync('mount', ['-o', `remount,${how}`, folder], { stdio: 'pipe' })
      const says = listeningTo(program)
      if (await within(5_000, () => succeeds(() => remount('ro')))) {
        await lasting(world, 2_500, () => says(/The spool cannot be written.*EROFS/))
        await expectCode(world, world.run(['sync'], { folder }), [1])
        remount('rw')
      } else world.missed('a segment was open all the time')
      await delay(1_000)
      await program.stop()
    },
  },
  {
    name: 'machine: little memory, and a replay',
    isSlow: true,
    async inject(world) {
      await (await world.daemon()).stop()
      const folder = world.folder('much to replay')
      const { account, answers } = layDown(folder)
      const sync = world.run(['sync'], { folder, nodeOptions: ['--max-old-space-size=40'] })
      await expectCode(world, sync, [0, 3])
      const [row] = await world.cluster.admin<{ rows: number; different: number }>(
        `select count(*)::int as rows, count(distinct sent)::int as different
        from sms.snapshots where account = '${account}'`,
      )
      if (row!.rows !== answers || row!.different !== answers)
        world.problems.push(
          `of ${answers} answers ${row!.different} were replayed with little memory, in ${row!.rows} rows`,
        )
    },
  },
  {
    name: 'machine: out of file descriptors',
    async inject(world) {
      const program = world.run(['start'], {
        folder: world.folder('few files'),
        openFiles: world.dice.between(24, 32),
      })
      const says = listeningTo(program)
      await lasting(world, 4_000, () => says(/EMFILE/))
      if (program.endedAt === null) await program.stop()
    },
  },
  {
    name: 'machine: clock stepped back and forth',
    cannot: ({ faketime }) => (faketime ? null : 'no libfaketime'),
    async inject(world) {
      const folder = world.folder('stepped clock')
      const file = join(folder, 'offset')
      const step = (offset: string) => writeFileSync(file, `${offset}\n`)
      step('+0')
      const env = {
        LD_PRELOAD: world.faketime!,
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        LOG_LEVEL: 'debug',
      }
      const setAside = async () =>
        (await world.cluster.admin(`select from sync.rejected where reason = 'clock'`)).length
      const setAsideBefore = await setAside()
      const program = world.run(['start'], { folder, env })
      await delay(2_500)
      for (const offset of world.dice.shuffled(['-5', '+7', '-90000'])) {
        step(offset)
        await delay(1_200)
      }
      step('-3600')
      await expectCode(world, world.run(['sync'], { folder, env }), [1])
      step('+0')
      const due = () => program.output().match(/"msg":"(This tick|Tick) /g)?.length ?? 0
      const dueBefore = due()
      await delay(4_000)
      if (due() === dueBefore)
        world.problems.push('the clock was set back and right again, and no tick is due any more')
      await program.stop()
      if ((await setAside()) === setAsideBefore)
        world.problems.push('the clock went back, and no answer was set aside for it')
      while (await isAhead(world)) await delay(200) // until then an answer with the right time would be too early
    },
  },
]

async function isAhead({ cluster }: World): Promise<boolean> {
  const [row] = await cluster.admin<{ ahead: boolean }>(
    'select coalesce(max(observed_at) > clock_timestamp(), false) as ahead from sms.snapshots',
  )
  return row!.ahead
}

function succeeds(work: () => unknown): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

// primosync completion: the scripts complete what the program knows.
import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { runCli } from '../helpers/cli.ts'

const has = (shell: string) => spawnSync(shell, ['--version']).status === 0
const scriptFor = async (shell: string) => (await runCli(['completion', shell])).stdout

describe('bash', () => {
  const cases: [typed: string[], includes: string[], leavesOut: string[]][] = [
    [[''], ['start', 'status', 'category', 'completion', '--json'], ['add']],
    [['tr'], ['trends'], ['start']],
    [['category', ''], ['list', 'add', 'pause', 'resume', 'remove'], ['trends']],
    [['category', 'add', '--l'], ['--label'], ['--account']],
    [['--json', 'category', 'r'], ['resume', 'remove'], ['rebuild']],
    [['trends', '--by', ''], ['hour', 'day', 'week', 'month'], ['--by']],
    [['trends', '--by', 'day', '--f'], ['--from', '--format'], ['--by']],
    [['status', '--w'], ['--watch'], []],
    [['completion', ''], ['bash', 'zsh', 'fish'], ['start']],
    [['import', '--format', 'n'], ['ndjson'], ['csv']],
    // left to the shell, which completes file names
    [['import', 'file'], [], ['start']],
    [['trends', '--config', ''], [], ['trends', '--by']],
  ]
  for (const [typed, includes, leavesOut] of cases) {
    test(`primosync ${typed.join(' ')}`, async () => {
      const words = ['primosync', ...typed].map((word) => `'${word}'`).join(' ')
      const end = `COMP_WORDS=(${words}); COMP_CWORD=${typed.length}; _primosync; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { status, stdout, stderr } = spawnSync('bash', ['-c', `${await scriptFor('bash')}\n${end}`], {
        encoding: 'utf8',
      })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      const offered = stdout.split('\n')
      expect(offered).toEqual(expect.arrayContaining(includes))
      for (const word of leavesOut) expect(offered).not.toContain(word)
    })
  }
})

test.skipIf(!has('fish'))('fish offers commands, choices and what they mean', async () => {
  const script = await scriptFor('fish')
  const offered = (line: string) =>
    spawnSync('fish', ['-N', '-c', `${script}\ncomplete -C ${JSON.stringify(line)}`], { encoding: 'utf8' })
  expect(offered('primosync category p')).toMatchObject({
    stdout: 'pause\tstop asking for categories for a while\n',
    stderr: '',
  })
  expect(offered('primosync trends --by w').stdout).toMatch(/^week\t/)
})

test.skipIf(!has('zsh'))('zsh takes the script', async () => {
  const { status, stderr } = spawnSync('zsh', ['-f', '-n', '-c', await scriptFor('zsh')], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})

test('needs no settings, and knows three shells', async () => {
  const broken = await runCli(['completion', 'bash'], { env: { SYNC_SCHEDULE: 'never' } })
  expect(broken).toMatchObject({ code: 0, stderr: '' })
  const { code, stderr } = await runCli(['completion', 'tcsh'])
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('bash, zsh, fish') })
})

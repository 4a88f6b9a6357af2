import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { isThere, type Layer, layers, run } from './layers.js'
import type { Mutation } from './mutation.js'
import { MUTATIONS } from './mutations/index.js'
import { readCore, Workshop } from './workshop.js'

/**
 * The test of the tests: breaks one rule of the core at a time and looks whether a layer notices.
 * `run.js [--only WORDS] [--layers N] [--parallel N]`; without the first two it writes `results.md`
 */
interface Outcome {
  readonly mutation: Mutation
  readonly layer: string | undefined
  readonly by: string
}

const PARALLEL = 2
const repository = process.cwd()

async function main(): Promise<number> {
  const mutations = chosen(option('--only'))
  checkEdits(mutations)
  const used = layers(process.env.MYELIN_RAFT_TESTDATA).slice(0, Number(option('--layers') ?? 9))
  const outcomes = await examineAll(
    mutations,
    used.filter(layer => announce(layer))
  )
  const survivors = outcomes.filter(({ layer }) => layer === undefined)
  const summary = `${outcomes.length - survivors.length} killed, ${survivors.length} survived`
  if (mutations.length === MUTATIONS.length && option('--layers') === undefined) keep(outcomes, summary)
  for (const { mutation } of survivors)
    console.log(`survived: ${mutation.file}: ${mutation.name} (${mutation.catcher})`)
  console.log(summary)
  return survivors.length === 0 ? 0 : 1
}

function chosen(words: string | undefined): readonly Mutation[] {
  if (words === undefined) return MUTATIONS
  return MUTATIONS.filter(({ file, name }) => `${file}: ${name}`.includes(words))
}

/** All of them first, so that an edit that does not fit any more is known in a second. */
function checkEdits(mutations: readonly Mutation[]): void {
  const wrong: string[] = []
  for (const mutation of mutations) {
    try {
      checkSyntax(mutation, Workshop.mutate(readCore(repository, mutation.file), mutation))
    } catch (error) {
      wrong.push((error as Error).message)
    }
  }
  if (wrong.length > 0) throw new Error(`edits that do not fit:\n${wrong.join('\n')}`)
}

/** What can not even be loaded would count as killed. */
function checkSyntax({ file, name }: Mutation, code: string): void {
  const compilerOptions = { allowJs: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  const { diagnostics = [] } = ts.transpileModule(code, {
    fileName: 'mutant.js',
    reportDiagnostics: true,
    compilerOptions
  })
  if (diagnostics.length > 0) throw new Error(`${file}: "${name}" is no program any more`)
}

function announce(layer: Layer): boolean {
  if (isThere(layer, repository)) return true
  console.log(`no ${layer.name}: ${layer.needs} is not there`)
  return false
}

async function examineAll(mutations: readonly Mutation[], used: readonly Layer[]): Promise<Outcome[]> {
  const workshops = Array.from(
    { length: Number(option('--parallel') ?? PARALLEL) },
    () => new Workshop(repository)
  )
  process.once('exit', () => {
    for (const workshop of workshops) workshop.close()
  })
  await expectHealthy(workshops[0]!, used)
  const outcomes: Outcome[] = new Array(mutations.length)
  let next = 0
  const work = async (workshop: Workshop) => {
    while (next < mutations.length) {
      const at = next++
      outcomes[at] = await examine(workshop, mutations[at]!, used)
      print(outcomes[at])
    }
  }
  await Promise.all(workshops.map(work))
  return outcomes
}

/** A layer that fails without any mutation would kill them all. */
async function expectHealthy({ root }: Workshop, used: readonly Layer[]): Promise<void> {
  for (const layer of used) {
    const { isKilled, by } = await run(layer, root)
    if (isKilled) throw new Error(`${layer.name} fails without a mutation: ${by}`)
  }
}

async function examine(workshop: Workshop, mutation: Mutation, used: readonly Layer[]): Promise<Outcome> {
  return workshop.with(mutation, async () => {
    for (const layer of used) {
      const { isKilled, by } = await run(layer, workshop.root)
      if (isKilled) return { mutation, layer: layer.name, by }
    }
    return { mutation, layer: undefined, by: '' }
  })
}

function print({ mutation, layer, by }: Outcome): void {
  console.log(`${layer ?? 'SURVIVED'} | ${mutation.file}: ${mutation.name} | ${mutation.catcher} | ${by}`)
}

function keep(outcomes: readonly Outcome[], summary: string): void {
  const rows = outcomes.map(({ mutation: { file, name, catcher }, layer, by }) =>
    [name, file, catcher, layer ?? '**survived**', by].map(cell => cell.replaceAll('|', '\\|')).join(' | ')
  )
  const head =
    'rule as the mutant has it | file | meant to be caught by | layer that caught it | first failure'
  const table = `| ${head} |\n|---|---|---|---|---|\n| ${rows.join(' |\n| ')} |`
  const text = `# Mutations of the core\n\nWritten by \`npm run mutate\`. ${summary}: ${byLayer(outcomes)}.\n\n${table}\n`
  writeFileSync(join(repository, 'test/mutation/results.md'), text)
}

function byLayer(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>()
  for (const { layer = 'nobody' } of outcomes) counts.set(layer, (counts.get(layer) ?? 0) + 1)
  return [...counts].map(([layer, count]) => `${count} by ${layer}`).join(', ')
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name)
  return at < 0 ? undefined : process.argv[at + 1]
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
process.exitCode = await main()

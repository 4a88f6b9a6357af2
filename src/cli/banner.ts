import type { KernelInfo, Logger, Settings } from '../kernel/index.js'

/** One line that says what starts. Where standard output carries JSON objects it stays away unless it is logged. */
export function writeBanner(
  info: KernelInfo,
  settings: Settings,
  log: Logger,
  print: (text: string) => void
): void {
  const text = `${info.product} ${info.version}, event store and message router (Node ${process.versions.node}, pid ${process.pid})`
  const mode = settings.string('spring.main.banner-mode')
  if (mode === 'log') log.info(text)
  else if (mode === 'console' && settings.string('logging.format') !== 'json') print(`${text}\n`)
}

import { dirname, join } from 'node:path'
import type { Settings } from '../settings.js'
import { type LogbackFiles, logbackFiles } from './logback.js'
import { RotatingFile } from './rotating-file.js'

export interface LogFiles {
  /** `isAudit`: the record comes from a logger below AUDIT. */
  write(line: string, isAudit: boolean): void
  droppedRecords(): number
  close(): void
}

export type Report = (fields: object, message: string) => void

/** The files that the settings ask for: one for everything, and perhaps one for the audit log. */
export function openLogFiles(settings: Settings, cwd: string, report: Report): LogFiles {
  const logback = findLogbackFiles(settings, cwd, report)
  const mainPath = configuredPath(settings) ?? logback?.main
  const main = mainPath === undefined ? undefined : openFile(settings, mainPath, report)
  const audit = logback?.audit === undefined ? undefined : openFile(settings, logback.audit, report)
  return {
    write(line, isAudit) {
      main?.write(line)
      if (isAudit) audit?.write(line)
    },
    droppedRecords: () => (main?.droppedRecords ?? 0) + (audit?.droppedRecords ?? 0),
    close() {
      main?.close()
      audit?.close()
    }
  }
}

function configuredPath(settings: Settings): string | undefined {
  const directory = settings.string('logging.file.path')
  return settings.string('logging.file.name') ?? (directory && join(directory, 'spring.log'))
}

function findLogbackFiles(settings: Settings, cwd: string, report: Report): LogbackFiles | undefined {
  const location = settings.string('logging.config')
  if (location === undefined) return undefined
  const files = logbackFiles(location, cwd)
  const instead =
    'logging.config names a Logback file, which is not interpreted; use logging.file.name and logging.format'
  report({ config: location, mainFile: files?.main, auditFile: files?.audit }, instead)
  return files
}

function openFile(settings: Settings, path: string, report: Report): RotatingFile {
  return new RotatingFile({
    path,
    bytesMax: settings.number('logging.file.max-size'),
    historyMax: settings.number('logging.file.max-history'),
    onFailure: error =>
      report(
        { file: path, directory: dirname(path), err: error },
        'the log file cannot be written; records are lost'
      )
  })
}

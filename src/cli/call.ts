/**
 * What a command has of the process it runs in, its arguments apart: it reads and writes nothing else, so a test can call
 * it as it is. What goes out to a person goes through `say`, and tables through output.ts: neither lets a terminal be
 * steered by what strangers wrote, or by an argument that was pasted.
 */
import type { Readable, Writable } from 'node:stream'
import { oneLine } from '../base/text.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Call {
  readonly env: Environment
  readonly stdin: Readable & { readonly isTTY?: boolean; readonly fd?: number }
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  /** Set by a command that failed and has said why. */
  exitCode: 0 | 1 | 2
}

/** Whether somebody can be asked. */
export function isInteractive({ stdin, stderr }: Call): boolean {
  return stdin.isTTY === true && stderr.isTTY === true
}

/** Writes one line to standard error, with our name in front. */
export function say({ stderr }: Pick<Call, 'stderr'>, text: string): void {
  stderr.write(`signet: ${oneLine(text)}\n`)
}

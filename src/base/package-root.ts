import { basename, dirname, join } from 'node:path'

/** Of the sources, or of `dist/`, which was compiled of them. */
export const codeRoot = join(import.meta.dirname, '..', '..')

/** Where package.json lies, and `mails/`. */
export const packageRoot = basename(codeRoot) === 'dist' ? dirname(codeRoot) : codeRoot

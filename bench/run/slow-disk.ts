/** A disk that takes its time: each sync of a process that is started with this takes so long, in the thread that asks. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const source = (microseconds: number) => `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
static int slowly(const char *name, int file) {
  usleep(${microseconds});
  return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}
int fsync(int file) { return slowly("fsync", file); }
int fdatasync(int file) { return slowly("fdatasync", file); }
`

/** @returns what to add to the environment; undefined without a C compiler, or where nothing can be preloaded */
export function slowDisk(folder: string, milliseconds: number): Record<string, string> | undefined {
  if (process.platform !== 'linux') return undefined
  const [code, library] = [join(folder, 'slow.c'), join(folder, 'slow.so')]
  writeFileSync(code, source(milliseconds * 1000))
  const { status } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, code, '-ldl'])
  return status === 0 ? { LD_PRELOAD: library } : undefined
}

/** The first Ctrl-C (or SIGTERM) stops in good order, the second at once. @returns lets go of the signals */
export function onInterrupt(act: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, act)
  return () => {
    for (const signal of signals) process.off(signal, act)
  }
}

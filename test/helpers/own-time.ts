/**
 * Seconds as this process has had them: counted by a timer that falls behind when the machine is busy, as whoever is measured
 * does. On an idle machine it is the clock on the wall, a few hundredths slow.
 */
export function ownTime(): () => number {
  const tick = 0.02
  let ticks = 0
  setInterval(() => ticks++, tick * 1000).unref()
  return () => ticks * tick
}

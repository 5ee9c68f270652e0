const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does something that clears up after itself when it is told to stop, and stops it when this process is: with exit code 130.
 * @param then what is the case when it was stopped, for people
 */
export async function interruptible(then: string, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  for (const name of SIGNALS) process.once(name, onSignal);
  try {
    await task(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted || error !== interrupt.signal.reason) throw error;
    console.error(`eyrie: interrupted; ${then}`);
    process.exitCode = 130;
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

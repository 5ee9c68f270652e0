/** What must hold while anybody sends anything: the one place where it is written down. docs/SECURITY.md repeats it in words. */
export const BOUNDS = {
  /** Processor time of the server's main thread between two turns of its event loop, in ms. What the machine does meanwhile does not count. */
  // Aimed at are 50, and measured were 40 at most; a machine half as fast takes twice as long.
  loopMs: 100,
  /** The same where thousands of connections are opened, or thousands of requests sent ahead, at once: Node takes what has come in one turn. */
  burstLoopMs: 250,
  /** The most that the server's process (not its workers) has had in memory, in MiB. */
  memoryMiB: 512,
  /** The slowest answer to `GET /health/live` of somebody else, in ms. It waits for the processor as well as for the server. */
  liveMs: 1000,
  /** How long after an attack the server may take until it predicts again, in ms. */
  recoveryMs: 10_000,
};

/** What the server and its workers get together, in bytes, where this machine has memory cgroups to set it with. */
export const CGROUP_BYTES = 2 * 2 ** 30;

/** The server's heap where it has none, in MiB. */
export const HEAP_MIB = 512;

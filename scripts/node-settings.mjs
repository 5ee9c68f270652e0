/**
 * How Node is to run the server. A semi-space, where new objects are, grows to 16 MiB in Node 20; Node 24 lets it grow further, which took
 * 80 MB more memory and made nothing faster. The image and the Procfile say the same; the workers have a flag of their own.
 */
export const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=16'];

/**
 * How glibc's malloc is to treat the server (mallopt(3)). Uploads of 128 KiB and more are mappings of their own, which go back to the
 * system when they are freed. Set at all, the threshold no longer grows with what was freed. The blocks of 64 KiB which
 * sockets are read into stay on the heap: mapping each anew takes time and saves nothing that lasts. The image sets the same; the workers have settings of their own. docs/DEPLOYMENT.md has the figures.
 */
const GLIBC = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' };

/**
 * What to add to the environment of the server for the sake of memory: nothing where another allocator, or anything of
 * glibc's, has been chosen already. Other C libraries ignore it.
 * @param {Record<string, string | undefined>} environment of this process
 */
export function allocatorSettings(environment) {
  const isChosen = Object.keys(environment).some((name) => /^(LD_PRELOAD|GLIBC_TUNABLES|MALLOC_\w+)$/.test(name));
  return isChosen ? {} : GLIBC;
}

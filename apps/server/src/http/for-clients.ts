/** Where in its source native code failed, and what it says behind that. */
const NATIVE = /[\s:]*[\w./\\+-]+\.(?:cc|cpp|cxx|cu|c|h|hpp):\d+.*$/s;
/** A stack of JavaScript. */
const STACK = /\s*\n\s+at .*$/s;
/** What a worker that is gone has written to standard error. */
const LAST_WORDS = /; it said: .*$/s;
/** An absolute path; the name of the file alone is no secret. */
const PATH = /(?<![\w./:~-])(?:[A-Za-z]:[\\/]|\/)(?:[^\s/\\:;,'"()]+[\\/])+([^\s/\\:;,'"()]+)/g;
/** No sentence of ours is longer, characters; the expressions above look at each of them from each of them. */
const LONGEST = 2_000;
/** What introduced the part that is cut off. */
const DANGLING = /(?:\s*Status Message)?[\s:;,]*$/;

/**
 * What a client is told of a failure of ours, whose sentence may go on with words of the system or of native code: the sentence alone,
 * without the folders of this machine. The log has all of it.
 */
export function forClients(detail: string): string {
  const sentence = detail
    .slice(0, LONGEST)
    .replace(LAST_WORDS, '')
    .replace(NATIVE, '')
    .replace(STACK, '')
    .replace(PATH, '$1');
  return sentence.replace(DANGLING, '');
}

export const count = { passed: 0, failed: 0 };

/** Checks one promise of the image; `hold` resolves with what to print beside it, and throws when it is broken. */
export async function promise(text, hold) {
  try {
    const detail = await hold();
    console.log(`ok      ${text}${detail ? `: ${detail}` : ''}`);
    count.passed++;
  } catch (error) {
    console.log(`FAILED  ${text}\n        ${error.message.replaceAll('\n', '\n        ')}`);
    count.failed++;
  }
}

export function demand(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

/** @throws listing what should not be there */
export function demandNone(found) {
  demand(found.length === 0, `${found.length} found: ${found.slice(0, 10).join(', ')}`);
}

// Before anything is timed: the sides must do the same work, so they must give the same answer.

/** Decoders and runtimes may round differently. */
const TOLERANCE = 0.02;

/** Class and confidence of the best class. @throws Error when the answer is none */
export async function answerOf(side, server, image) {
  const { headers, body } = side.upload(image);
  const response = await fetch(server.url, { method: 'POST', headers, body: body(0) });
  const text = await response.text();
  if (!response.ok) throw new Error(`it answered ${response.status}: ${text.slice(0, 200)}`);
  try {
    const { class_id: classId, confidence } = side.best(JSON.parse(text));
    return { classId, confidence };
  } catch {
    throw new Error(`its answer is not understood: ${text.slice(0, 200)}`);
  }
}

/** @throws Error when they differ */
export function mustAgree(expected, found) {
  const isSame = found.classId === expected.classId && Math.abs(found.confidence - expected.confidence) <= TOLERANCE;
  if (isSame) return;
  const show = ({ classId, confidence }) => `class ${classId} with ${confidence.toFixed(4)}`;
  throw new Error(`its answer is ${show(found)}, but Eyrie's is ${show(expected)}: it does not do the same work`);
}

/** What ONNX Runtime says of models that cannot be run, and how it is said to people. */
const KNOWN: readonly [RegExp, (found: string[]) => string][] = [
  [
    /Opset (\d+) is under development.*support for domain (\S+) is till opset (\d+)/,
    ([opset, domain, most]) =>
      `it uses opset ${opset} of ${domain}, of which opset ${most} is the newest that is known here; export it with opset_version=${most} or less`,
  ],
  [
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    ([version, most]) =>
      `it has IR version ${version}, of which ${most} is the newest that is known here; in Python set model.ir_version = ${most} and save it again`,
  ],
  [/Missing opset in the model/, () => 'it does not say which opset it uses; export it again'],
  [
    /No Op registered for (\S+) with domain_version of (\d+)/,
    ([operator, opset]) => `it uses the operator ${operator}, which opset ${opset} does not have`,
  ],
  [
    /([\w.]+):(\w+)\(-?\d+\) is not a registered function\/op/,
    ([domain, operator]) =>
      `it uses the operator ${operator} of ${domain}, which ONNX Runtime does not have; export it without custom operators`,
  ],
  [
    /\("\S*", (\w+), .*No opset import for domain '(.*?)'/,
    ([operator, domain]) =>
      `it uses the operator ${operator} of ${domain || 'ai.onnx'}, but does not import that domain's opset`,
  ],
  [
    /Could not find an implementation for (\w+)\((\d+)\)(?: node with name '(.*?)')?/,
    ([operator, opset, node]) =>
      `ONNX Runtime has no implementation of the operator ${operator} (opset ${opset}) for the types that it is used with` +
      (node ? `, in node ${node}` : ''),
  ],
  [
    /Unsupported data type: 16\b/,
    () => 'it has bfloat16 inputs or outputs, which cannot be fed; export it with float32 or float16',
  ],
];

/** A place in ONNX Runtime's source and the signature of its function. */
const SOURCE_PLACE = /\S*\/\S+\.(?:h|cc|cpp|cu|cuh|inc):\d+ [^()]*\((?:[^()]|\([^()]*\))*\)(?: const)?\s*/g;
const NODE_FAILED = /Non-zero status code returned while running (\w+) node\. Name:'(.*?)' Status Message: /;

/** One line for people: without places in C++ code, and with what can be done where that is known. */
export function runtimeError(error: unknown): string {
  const message = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ').trim();
  for (const [pattern, say] of KNOWN) {
    const found = pattern.exec(message);
    if (found) return say(found.slice(1));
  }
  return message
    .replace(SOURCE_PLACE, '')
    .replace(
      NODE_FAILED,
      (_, operator: string, name: string) => `its ${operator} node${name ? ` ${name}` : ''} failed: `,
    );
}

import type { OnnxValue } from './model';
import { MODEL_PROTO } from './schema';
import { bytesField, fieldsOf, type Parts } from './wire';

const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, output: 12 } as const;

const VALUE_INFO = MODEL_PROTO.root.lookupType('ValueInfoProto');

/**
 * Leaves nodes out of a graph and gives it other outputs. All else of the file stays byte for byte as it is.
 * @param without places of nodes in the graph's list
 * @throws OnnxFormatError
 */
export function cutOutputs(model: Uint8Array, without: ReadonlySet<number>, outputs: readonly OnnxValue[]): Parts {
  return [...fieldsOf(model)].flatMap((field) =>
    field.number === MODEL.graph ? bytesField(MODEL.graph, cutGraph(field.content, without, outputs)) : [field.raw],
  );
}

function cutGraph(graph: Uint8Array, without: ReadonlySet<number>, outputs: readonly OnnxValue[]): Parts {
  let node = 0;
  const kept = [...fieldsOf(graph)].filter(({ number }) => {
    if (number === GRAPH.node) return !without.has(node++);
    return number !== GRAPH.output;
  });
  const added = outputs.flatMap((value) =>
    bytesField(GRAPH.output, [VALUE_INFO.encode(VALUE_INFO.fromObject(value)).finish()]),
  );
  return [...kept.map(({ raw }) => raw), ...added];
}

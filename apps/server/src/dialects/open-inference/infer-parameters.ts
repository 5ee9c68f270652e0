import { invalidField } from '#core';

/** More than any graph has. */
export const MAX_TENSORS = 1000;
export const MAX_NAME_BYTES = 1024;
export const MAX_DATATYPE_BYTES = 20;

/** What says how its sender holds it, and changes nothing of what is sent. MLServer's clients say it. */
const CONTENT_TYPES = ['np', 'pd', 'str', 'base64'];

/** @throws EyrieError INVALID_REQUEST */
export function requireContentType(field: string, text: unknown): void {
  if (typeof text === 'string' && CONTENT_TYPES.includes(text)) return;
  throw invalidField(field, `must be one of ${CONTENT_TYPES.join(', ')}`);
}

const SHARED_MEMORY = 'is not known here: no memory is shared with clients; send the data itself';
export const REFUSED_OF_TENSORS: Readonly<Record<string, string>> = {
  shared_memory_region: SHARED_MEMORY,
  shared_memory_byte_size: SHARED_MEMORY,
  shared_memory_offset: SHARED_MEMORY,
};

const NO_SEQUENCES = 'must be left out: no model here keeps anything from one request to the next';

/** What has a meaning in the protocol and none here, unless it has one of these values, which say that it means nothing. */
export const MEANINGLESS: Readonly<Record<string, { values: readonly (number | string | boolean)[]; wants: string }>> =
  {
    priority: { values: [0], wants: 'must be 0, or left out: all requests wait in one line' },
    sequence_id: { values: [0, ''], wants: NO_SEQUENCES },
    sequence_start: { values: [false], wants: NO_SEQUENCES },
    sequence_end: { values: [false], wants: NO_SEQUENCES },
  };

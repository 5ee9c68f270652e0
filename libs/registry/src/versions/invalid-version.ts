/** A version's files are not what they must be. The message says which and how to mend it. */
export class InvalidVersionError extends Error {}

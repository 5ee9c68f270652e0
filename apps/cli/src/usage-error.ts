/** The command was called with something that cannot be: exit code 2. */
export class UsageError extends Error {}

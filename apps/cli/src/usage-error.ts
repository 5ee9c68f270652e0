/** What was typed cannot be, whatever is on the disk or on the server: exit code 2. */
export class UsageError extends Error {}

/** The command was understood and could not be done, for the reason that the message gives: exit code 1. */
export class Failure extends Error {}

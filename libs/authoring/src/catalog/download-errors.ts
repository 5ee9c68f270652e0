/** A file could not be had. The message says why and what to do about it. */
export class DownloadError extends Error {}

/** The caller's signal ended a download. What had come is kept, and the next download goes on from there. */
export class DownloadStopped extends DownloadError {}

/** This source will not give the file however often it is asked. */
export class SourceFailed extends Error {}

/** This attempt failed; the same source may do better in a while. */
export class AttemptFailed extends Error {
  constructor(
    message: string,
    /** How long the server asked to be left alone. */
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

/** A path below a version's folder, with forward slashes. That it has no `..` has to be checked beside it. */
export const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/;
export const FILE_NAME_RULE = { message: 'must be a relative path below the version, without ".."' };

/**
 * What servers that we did not write are known to do otherwise than S3: by server and case, with the reason. A difference
 * that vanishes fails the run.
 */
export const DIFFERENCES: Readonly<Record<string, Readonly<Record<string, string>>>> = {}

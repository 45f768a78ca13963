/**
 * The version of this package, as it introduces itself to the registry.
 *
 * @module
 */

/** The same as in `package.json`, which a test checks. */
export const VERSION = "0.1.0";

/** The `User-Agent` of requests to the registry. */
export const USER_AGENT = `paste-registry-typescript/${VERSION}`;

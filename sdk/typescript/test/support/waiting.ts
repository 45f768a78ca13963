/**
 * Waiting for what can be seen, and not for a time.
 *
 * @module
 */

/** How long a test waits for something, in ms: only a test that fails takes as long. */
const LIMIT_MS = 30_000;

/** Waits until `holds`. What it throws counts as not yet, and is told if it never does. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  let reason: unknown;
  while (performance.now() < end) {
    try {
      if (await holds()) {
        return;
      }
    } catch (error) {
      reason = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never came: ${what}`, { cause: reason });
}

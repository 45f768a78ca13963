/**
 * Waiting that ends when a signal aborts, also where what is waited for doesn't: reading a body hangs in Node 20, whatever
 * its signal says, when its encoding isn't what its head told.
 *
 * @module
 */

/** What `work` comes to, or the reason of `signal` if that aborts before. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", stop, { once: true });
  });
  if (signal.aborted) {
    stop();
  }
  // Whichever comes second has nobody who waits for it.
  work.catch(() => {});
  aborted.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/**
 * When to try again what failed: full jitter, from which a while of success recovers.
 *
 * @module
 */
import { reconnectBackoff } from "../choose/backoff.js";
import { MILLISECOND, SECOND } from "../choose/duration.js";
import type { RandomSource } from "../choose/random.js";
import { UnavailableError } from "../errors.js";

const RECOVERED_AFTER = 10 * SECOND;

/** Counts the failures of one thing that is tried again and again. Times are ns of the monotonic clock. */
export class Retry {
  private failures = 0;
  private succeedingSince: number | undefined;

  constructor(private readonly random: RandomSource) {}

  /** Notes that it works. */
  succeeded(now: number): void {
    this.succeedingSince ??= now;
  }

  /** Notes that it failed; gives the wait before the next try in ms. */
  failed(error: unknown, now: number): number {
    if (this.succeedingSince !== undefined && now - this.succeedingSince >= RECOVERED_AFTER) {
      this.failures = 0;
    }
    this.succeedingSince = undefined;
    const wait = reconnectBackoff(this.failures, this.random) / MILLISECOND;
    this.failures += 1;
    const least = error instanceof UnavailableError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(wait, least);
  }
}

/** Waits; ends early when `signal` aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return;
  }
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish, { once: true });
  });
}

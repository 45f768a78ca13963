/**
 * Waiting for the first word on something.
 *
 * @module
 */
import { ClosedError, NotKnownYetError } from "./errors.js";

/** Whether anything is known of a service or a configuration item. */
export class Knowledge {
  private state: "unknown" | "known" | "closed" = "unknown";
  private waiting = new Set<() => void>();

  /** @param failure - why nothing is known, as far as one can say */
  constructor(
    private readonly subject: string,
    private readonly timeoutMs: number,
    private readonly failure: () => Error | undefined,
  ) {}

  /** Something is known. */
  arrive(): void {
    this.change("known");
  }

  /** Nothing more is to be known. */
  close(): void {
    this.change("closed");
  }

  /** Throws unless something is known. */
  check(): void {
    if (this.state === "known") {
      return;
    }
    if (this.state === "closed") {
      throw new ClosedError();
    }
    const cause = this.failure();
    const reason = cause?.message ?? "the registry hasn't told of it";
    throw new NotKnownYetError(this.subject, reason, cause && { cause });
  }

  /** Waits until something is known, and throws if nothing is in time. */
  async wait(timeoutMs = this.timeoutMs): Promise<void> {
    if (this.state === "unknown") {
      await new Promise<void>((resolve) => {
        const finish = (): void => {
          clearTimeout(timer);
          this.waiting.delete(finish);
          resolve();
        };
        const timer = setTimeout(finish, timeoutMs);
        this.waiting.add(finish);
      });
    }
    this.check();
  }

  private change(state: "known" | "closed"): void {
    this.state = state;
    for (const finish of [...this.waiting]) {
      finish();
    }
  }
}

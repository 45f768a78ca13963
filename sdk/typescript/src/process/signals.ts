/**
 * Closing on signals, and letting the process end as it would have.
 *
 * @module
 */

/** Listens to signals until one comes, or it is told to stop. */
export class SignalHandlers {
  private readonly handlers = new Map<NodeJS.Signals, () => void>();

  /** @param close - runs once, at the first signal */
  constructor(
    private readonly signals: readonly NodeJS.Signals[],
    private readonly close: () => Promise<void>,
  ) {}

  /** Begins to listen. */
  install(): void {
    for (const signal of this.signals) {
      if (!this.handlers.has(signal)) {
        const handler = (): void => void this.handle(signal);
        this.handlers.set(signal, handler);
        process.once(signal, handler);
      }
    }
  }

  /** Listens no more. */
  remove(): void {
    for (const [signal, handler] of this.handlers) {
      process.removeListener(signal, handler);
    }
    this.handlers.clear();
  }

  /** With the handlers gone, a second signal ends the process at once. */
  private async handle(signal: NodeJS.Signals): Promise<void> {
    this.remove();
    await this.close();
    if (process.listenerCount(signal) === 0) {
      process.kill(process.pid, signal);
    }
  }
}

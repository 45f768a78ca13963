/**
 * A configuration item as a program uses it.
 *
 * @module
 */
import type { ConfigCopy, ConfigValue } from "./copy/config-copy.js";
import type { Acks } from "./process/acks.js";
import { Knowledge } from "./knowledge.js";

/**
 * Called with each release of an item; `undefined` when the item is removed. When it returns, the release is acknowledged;
 * when it throws or rejects, the error is told to the registry, which ends a release on trial.
 */
export type ConfigCallback = (value: ConfigValue | undefined) => void | Promise<void>;

/** Follows one configuration item, `group/key`. */
export class ConfigItem {
  private callbacks: readonly ConfigCallback[] = [];
  private readonly knowledge: Knowledge;
  private calling: Promise<void> | undefined;
  /** Who hasn't been told of what is in use. */
  private owed: readonly ConfigCallback[] = [];
  /** What became of the release that was taken over last; an error stays, whoever succeeds afterwards. */
  private outcome: { readonly release: number; readonly error: unknown } | undefined;

  /** @internal */
  constructor(
    private readonly copy: ConfigCopy,
    private readonly acks: Acks,
    timeoutMs: number,
    failure: () => Error | undefined,
  ) {
    this.knowledge = new Knowledge(`configuration ${copy.name}`, timeoutMs, failure);
    if (copy.known) {
      this.knowledge.arrive();
    }
  }

  /** `group/key`. */
  get name(): string {
    return this.copy.name;
  }

  /**
   * What is in use; `undefined` if there is no such item. From memory.
   *
   * @throws {@link NotKnownYetError} before anything is known
   */
  value(): ConfigValue | undefined {
    this.knowledge.check();
    return this.copy.value;
  }

  /**
   * Waits until something is known, at most the request time-out or `timeoutMs`.
   *
   * @throws {@link NotKnownYetError} if nothing is by then
   */
  async ready(timeoutMs?: number): Promise<this> {
    await this.knowledge.wait(timeoutMs);
    return this;
  }

  /**
   * Calls back with the release that is known, if there is one, and with each that follows, one at a time; the answer stops
   * it.
   */
  onChange(callback: ConfigCallback): () => void {
    this.callbacks = [...this.callbacks, callback];
    if (this.copy.value) {
      this.owe([callback]);
    }
    return () => {
      this.callbacks = this.callbacks.filter((one) => one !== callback);
    };
  }

  /** @internal */
  told(changed: boolean): void {
    if (!this.copy.known) {
      return;
    }
    this.knowledge.arrive();
    if (!changed || this.callbacks.length === 0) {
      this.repeat();
      return;
    }
    this.outcome = undefined;
    this.owe(this.callbacks);
  }

  /** @internal */
  close(): void {
    this.callbacks = [];
    this.knowledge.close();
  }

  private owe(callbacks: readonly ConfigCallback[]): void {
    this.owed = [...new Set([...this.owed, ...callbacks])];
    this.calling ??= Promise.resolve().then(() => this.call());
  }

  /** Calls back with what is in use, until everybody was called with that. */
  private async call(): Promise<void> {
    while (this.owed.length > 0) {
      const callbacks = this.owed.filter((one) => this.callbacks.includes(one));
      this.owed = [];
      const { value } = this.copy;
      try {
        for (const callback of callbacks) {
          await callback(value);
        }
        this.acknowledge(value, this.errorOf(value));
      } catch (error) {
        this.acknowledge(value, error ?? "the callback threw nothing");
      }
    }
    this.calling = undefined;
  }

  /** Says again what became of what is in use: the node that tells of it may not have heard. */
  private repeat(): void {
    const { value } = this.copy;
    if (!this.calling) {
      this.acknowledge(value, this.errorOf(value));
    }
  }

  private errorOf(value: ConfigValue | undefined): unknown {
    return this.outcome?.release === value?.release ? this.outcome?.error : undefined;
  }

  private acknowledge(value: ConfigValue | undefined, error?: unknown): void {
    if (value) {
      this.outcome = { release: value.release, error };
      this.acks.add(this.name, value.release, error);
    }
  }
}

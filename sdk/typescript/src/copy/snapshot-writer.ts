/**
 * Writes the copy to disk a while after it changed, and at the end.
 *
 * @module
 */
import type { Clock } from "../clock.js";
import type { Logger } from "../options.js";
import type { Copies } from "./copies.js";
import { saveSnapshot, type Saved } from "./snapshot-file.js";

/** The wait between a change and the file, and between two files, in ms. */
const WRITE_AFTER = 1000;

/** Keeps one file up to date. */
export class SnapshotWriter {
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly path: string,
    private readonly copies: Copies,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Notes that something changed. */
  changed(): void {
    if (this.timer === undefined && !this.closed) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.write();
      }, WRITE_AFTER);
      this.timer.unref();
    }
  }

  /** Writes what is there, and no more after that. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.write();
    await this.writing;
  }

  /** Writes are one at a time; one that fails is made up for by the next. */
  private write(): void {
    const saved = toSave(this.copies, this.clock.wallTime());
    if (saved) {
      this.writing = this.writing
        .then(() => saveSnapshot(this.path, saved))
        .catch((error: unknown) => {
          this.logger.warn(`paste-registry: could not write the snapshot ${this.path}`, error);
        });
    }
  }
}

/**
 * What is worth keeping; `undefined` while there is nothing, or something that the stream hasn't confirmed: one time and
 * one epoch couldn't be true of all.
 */
function toSave(copies: Copies, wallTime: number): Saved | undefined {
  const services = [...copies.services.values()].filter(({ known }) => known);
  const configs = [...copies.configs.values()].filter(({ secret, value }) => value && !secret);
  const { epoch } = copies;
  const confirmed =
    services.every((copy) => copy.isConfirmed && copy.epoch === epoch) && configs.every(({ live }) => live);
  if (epoch === undefined || !confirmed || services.length + configs.length === 0) {
    return undefined;
  }
  return {
    epoch,
    saved_at: new Date(wallTime).toISOString(),
    services: Object.fromEntries(
      services.map((copy) => [
        copy.name,
        {
          revision: copy.revision,
          protected: copy.isProtected,
          policy: copy.policy ?? null,
          instances: copy.instances,
        },
      ]),
    ),
    configs: Object.fromEntries(configs.map(({ name, value }) => [name, value!])),
  };
}

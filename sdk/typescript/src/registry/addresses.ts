/**
 * The nodes of the registry, and which one is spoken to. The place is in shared memory, so that the heartbeat's thread and
 * the main one speak to the same node.
 *
 * @module
 */

/** An isolated node is left at most this often, in ns. */
const ISOLATED_PAUSE = 30e9;
/** A node that said that it is isolated counts as such for this long, in ns. */
const ISOLATED_FOR = 120e9;

/** The addresses of one registry. */
export class Addresses {
  private readonly place: Int32Array;
  private readonly listeners = new Set<() => void>();
  /** When each node last said that it is isolated. */
  private readonly isolatedAt: number[];
  private leftAt = Number.NEGATIVE_INFINITY;

  /** @param shared - the place of another thread's addresses */
  constructor(
    readonly urls: readonly string[],
    readonly shared: SharedArrayBuffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
  ) {
    this.place = new Int32Array(shared);
    this.isolatedAt = urls.map(() => Number.NEGATIVE_INFINITY);
  }

  /** Which node is spoken to. */
  get index(): number {
    return Atomics.load(this.place, 0);
  }

  /** Begins with a node. */
  start(index: number): void {
    Atomics.store(this.place, 0, index);
  }

  /** The address of a node. */
  url(index: number): string {
    return this.urls[index]!;
  }

  /** Goes to the next node, unless somebody left the failed one before. */
  failed(index: number): void {
    this.move(index, (index + 1) % this.urls.length);
  }

  /** Notes that a node is cut off from the others, and goes to one that isn't known to be, if there is one. */
  isolated(index: number, now: number): void {
    this.isolatedAt[index] = now;
    const next = this.urls
      .map((_, step) => (index + step) % this.urls.length)
      .find((other) => now - this.isolatedAt[other]! >= ISOLATED_FOR);
    if (next !== undefined && now - this.leftAt >= ISOLATED_PAUSE) {
      this.leftAt = now;
      this.move(index, next);
    }
  }

  /** Calls back whenever the place may have changed; the answer stops it. */
  onMove(callback: () => void): () => void {
    this.listeners.add(callback);
    return () => this.listeners.delete(callback);
  }

  /** Tells those who listen that another thread moved. */
  moved(): void {
    for (const listener of [...this.listeners]) {
      listener();
    }
  }

  private move(from: number, to: number): void {
    if (from !== to && Atomics.compareExchange(this.place, 0, from, to) === from) {
      this.moved();
    }
  }
}

/**
 * Random 64-bit numbers as two halves, and what the definitions make of them, without a `BigInt` where that can be.
 *
 * @module
 */

/** Where random numbers come from. Each {@link draw} makes the next 64 bits, which then stand in two halves. */
export interface RandomSource {
  /** The upper 32 bits of the number drawn last. */
  readonly high: number;
  /** The lower 32 bits of the number drawn last. */
  readonly low: number;
  /** Draws the next number. */
  draw(): void;
}

const TWO_32 = 2 ** 32;
/** Below this, `r·n` fits into doubles in two steps. */
const FAST_LIMIT = 2 ** 21;
const TWO_53 = 2 ** 53;

/** The language's own generator. It has 52 random bits; the other 12 are zero. */
export class SystemRandom implements RandomSource {
  high = 0;
  low = 0;

  draw(): void {
    const scaled = Math.random() * TWO_32;
    this.high = Math.floor(scaled);
    this.low = Math.floor((scaled - this.high) * TWO_32);
  }
}

/** `⌊r·n / 2^64⌋` for the number drawn last: from 0 to n − 1. `n` is a whole number up to 2^53. */
export function mulhi(random: RandomSource, n: number): number {
  if (n <= FAST_LIMIT) {
    return Math.floor((random.high * n + Math.floor((random.low * n) / TWO_32)) / TWO_32);
  }
  const r = (BigInt(random.high) << 32n) | BigInt(random.low);
  return Number((r * BigInt(n)) >> 64n);
}

/** Draws a number and makes it one from 0 to n − 1. */
export function below(random: RandomSource, n: number): number {
  random.draw();
  return mulhi(random, n);
}

/** Draws a number and makes it a double from 0 up to, but without, 1: `mulhi(r, 2^53) / 2^53`. */
export function unit(random: RandomSource): number {
  random.draw();
  return (random.high * FAST_LIMIT + (random.low >>> 11)) / TWO_53;
}

/** Draws a number and writes its 16 hexadecimal digits. */
export function hexadecimal(random: RandomSource): string {
  random.draw();
  return hex32(random.high) + hex32(random.low);
}

/** 8 hexadecimal digits of a number of 32 bits. */
export function hex32(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/**
 * A 64-bit number in two halves that is computed with in place: hashing millions of keys with `BigInt` would allocate
 * at each step.
 *
 * @module
 */

/**
 * An unsigned 64-bit number. All arithmetic is modulo 2^64. The halves are kept as signed numbers of 32 bits, which the
 * engine stores without allocating.
 */
export class U64 {
  private upper: number;
  private lower: number;

  constructor(high = 0, low = 0) {
    this.upper = high | 0;
    this.lower = low | 0;
  }

  /** The upper 32 bits. */
  get high(): number {
    return this.upper >>> 0;
  }

  /** The lower 32 bits. */
  get low(): number {
    return this.lower >>> 0;
  }

  set(high: number, low: number): this {
    this.upper = high | 0;
    this.lower = low | 0;
    return this;
  }

  copy(other: U64): this {
    this.upper = other.upper;
    this.lower = other.lower;
    return this;
  }

  add(other: U64): this {
    const low = (this.lower >>> 0) + (other.lower >>> 0);
    return this.set(this.upper + other.upper + (low > 0xffffffff ? 1 : 0), low);
  }

  xor(other: U64): this {
    return this.set(this.upper ^ other.upper, this.lower ^ other.lower);
  }

  /** The product of the lower halves is made of four of 16 bits each, whose sums stay below 2^53. */
  multiply(other: U64): this {
    const a = this.lower >>> 16;
    const b = this.lower & 0xffff;
    const c = other.lower >>> 16;
    const d = other.lower & 0xffff;
    const bottom = b * d;
    const middle = a * d + (bottom >>> 16) + b * c;
    const low = ((middle & 0xffff) << 16) | (bottom & 0xffff);
    const carried = a * c + Math.floor(middle / 0x10000);
    return this.set(carried + Math.imul(this.upper, other.lower) + Math.imul(this.lower, other.upper), low);
  }

  rotateLeft(bits: number): this {
    const within = bits & 31;
    const first = bits < 32 ? this.upper : this.lower;
    const second = bits < 32 ? this.lower : this.upper;
    if (within === 0) {
      return this.set(first, second);
    }
    return this.set(
      (first << within) | (second >>> (32 - within)),
      (second << within) | (first >>> (32 - within)),
    );
  }

  /** `this ^= this >> bits`. */
  xorShiftRight(bits: number): this {
    const { upper, lower } = this;
    return bits < 32
      ? this.set(upper ^ (upper >>> bits), lower ^ ((lower >>> bits) | (upper << (32 - bits))))
      : this.set(upper, lower ^ (upper >>> (bits - 32)));
  }
}

/**
 * XXH64, the hash that sharing users out, hashing balancers and the checksum of the snapshot are built on.
 *
 * @module
 */
import { hex32 } from "./random.js";
import { U64 } from "./u64.js";

const P1 = new U64(0x9e3779b1, 0x85ebca87);
const P2 = new U64(0xc2b2ae3d, 0x27d4eb4f);
const P3 = new U64(0x165667b1, 0x9e3779f9);
const P4 = new U64(0x85ebca77, 0xc2b2ae63);
const P5 = new U64(0x27d4eb2f, 0x165667c5);

const encoder = new TextEncoder();
const lanes = [new U64(), new U64(), new U64(), new U64()] as const;
const input = new U64();
const mixed = new U64();
const rotated = new U64();

/**
 * The hash of `data`; a text is hashed as UTF-8. The result is written into `into`, which lets a caller that hashes many
 * keys do without an allocation for each.
 */
export function xxh64(data: Uint8Array | string, seed: U64 = ZERO, into: U64 = new U64()): U64 {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  const at = begin(bytes, seed, into);
  into.add(input.set(Math.floor(bytes.length / 2 ** 32), bytes.length));
  tail(bytes, at, into);
  into.xorShiftRight(33).multiply(P2).xorShiftRight(29).multiply(P3).xorShiftRight(32);
  return into;
}

const ZERO = new U64();

/** 16 hexadecimal digits of the hash of `data` with seed 0. */
export function xxh64Text(data: Uint8Array | string): string {
  const hash = xxh64(data);
  return hex32(hash.high) + hex32(hash.low);
}

/** Hashes whole blocks of 32 bytes; gives where the rest begins. */
function begin(bytes: Uint8Array, seed: U64, into: U64): number {
  if (bytes.length < 32) {
    into.copy(seed).add(P5);
    return 0;
  }
  lanes[0].copy(seed).add(P1).add(P2);
  lanes[1].copy(seed).add(P2);
  lanes[2].copy(seed);
  // Adding 2^64 − P1 takes P1 away.
  lanes[3].copy(seed).add(input.set(~P1.high, ~P1.low)).add(ONE);
  const end = bytes.length - (bytes.length % 32);
  for (let at = 0; at < end;) {
    for (const lane of lanes) {
      mix(lane, read(bytes, at));
      at += 8;
    }
  }
  into.set(0, 0);
  into.add(rotated.copy(lanes[0]).rotateLeft(1));
  into.add(rotated.copy(lanes[1]).rotateLeft(7));
  into.add(rotated.copy(lanes[2]).rotateLeft(12));
  into.add(rotated.copy(lanes[3]).rotateLeft(18));
  for (const lane of lanes) {
    into
      .xor(mix(mixed.set(0, 0), lane))
      .multiply(P1)
      .add(P4);
  }
  return end;
}

const ONE = new U64(0, 1);

function tail(bytes: Uint8Array, from: number, into: U64): void {
  let at = from;
  for (; at + 8 <= bytes.length; at += 8) {
    into
      .xor(mix(mixed.set(0, 0), read(bytes, at)))
      .rotateLeft(27)
      .multiply(P1)
      .add(P4);
  }
  if (at + 4 <= bytes.length) {
    into
      .xor(input.set(0, word(bytes, at)).multiply(P1))
      .rotateLeft(23)
      .multiply(P2)
      .add(P3);
    at += 4;
  }
  for (; at < bytes.length; at += 1) {
    into.xor(input.set(0, bytes[at]!).multiply(P5)).rotateLeft(11).multiply(P1);
  }
}

function read(bytes: Uint8Array, at: number): U64 {
  return input.set(word(bytes, at + 4), word(bytes, at));
}

/** 32 bits, the lowest byte first. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** `lane = rotateLeft(lane + value·P2, 31)·P1`; `value` is overwritten unless it is a lane. */
function mix(lane: U64, value: U64): U64 {
  return lane.add(rotated.copy(value).multiply(P2)).rotateLeft(31).multiply(P1);
}

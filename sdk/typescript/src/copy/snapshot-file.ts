/**
 * The copy on disk: one line that says what it is, with a checksum, then what is known.
 *
 * @module
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { readInstance, type Instance } from "../choose/instance.js";
import { xxh64Text } from "../choose/xxh64.js";
import type { ConfigValue } from "./config-copy.js";

const FORMAT = 1;
const AGE_MAX_MS = 24 * 3600 * 1000;
const AGE_WARNED_MS = 10 * 60 * 1000;

/** What is on disk of one service. */
export interface SavedService {
  readonly revision: number;
  readonly protected: boolean;
  readonly policy: unknown;
  readonly instances: readonly Instance[];
}

/** What is on disk. */
export interface Saved {
  /** `null` if it wasn't known. */
  readonly epoch: string | null;
  /** RFC 3339. */
  readonly saved_at: string;
  readonly services: Readonly<Record<string, SavedService>>;
  /** By `group/key`. */
  readonly configs: Readonly<Record<string, ConfigValue>>;
}

/** What was read, with what a person should know of it. */
export interface Loaded {
  readonly saved: Saved | undefined;
  /** How old it is in ms; never negative, whatever the clock says. */
  readonly ageMs: number;
  readonly warning: string | undefined;
}

/** The file of a namespace. */
export function snapshotPath(folder: string, namespace: string): string {
  return join(folder, `${namespace}.json`);
}

/** Reads the file; what can't be used is passed over with a warning, and a file that isn't there without. */
export function loadSnapshot(path: string, wallTime: number): Loaded {
  const passedOver = (why: string): Loaded => ({
    saved: undefined,
    ageMs: 0,
    warning: `the snapshot ${path} is passed over: ${why}`,
  });
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return missing ? { saved: undefined, ageMs: 0, warning: undefined } : passedOver(String(error));
  }
  const saved = decodeSnapshot(bytes);
  if (typeof saved === "string") {
    return passedOver(saved);
  }
  const ageMs = Math.max(wallTime - Date.parse(saved.saved_at), 0);
  if (ageMs > AGE_MAX_MS) {
    return passedOver(`it was written at ${saved.saved_at}, over 24 hours ago`);
  }
  const old = ageMs > AGE_WARNED_MS;
  return { saved, ageMs, warning: old ? `the snapshot ${path} is from ${saved.saved_at}` : undefined };
}

/** Writes the file: beside, synced, renamed. */
export async function saveSnapshot(path: string, saved: Saved): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${process.pid}.${randomUUID()}`;
  try {
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(encodeSnapshot(saved));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** The bytes of a file. */
export function encodeSnapshot(saved: Saved): Buffer {
  const payload = Buffer.from(JSON.stringify(saved));
  const head = JSON.stringify({ format: FORMAT, checksum: xxh64Text(payload) });
  return Buffer.concat([Buffer.from(`${head}\n`), payload]);
}

/** What is in the bytes of a file, or why they can't be used. */
export function decodeSnapshot(bytes: Buffer): Saved | string {
  const end = bytes.indexOf("\n");
  try {
    const head = JSON.parse(bytes.subarray(0, Math.max(end, 0)).toString()) as {
      format?: unknown;
      checksum?: unknown;
    };
    if (head.format !== FORMAT) {
      return `its format is ${String(head.format)}, and not ${FORMAT}`;
    }
    const payload = bytes.subarray(end + 1);
    if (head.checksum !== xxh64Text(payload)) {
      return "it is torn: its checksum is another one";
    }
    return checked(JSON.parse(payload.toString()) as Saved);
  } catch (error) {
    return `it can't be read: ${String(error)}`;
  }
}

function checked(saved: Saved): Saved {
  const { epoch } = saved;
  if ((typeof epoch !== "string" && epoch !== null) || Number.isNaN(Date.parse(saved.saved_at))) {
    throw new TypeError("it lacks its epoch or when it was written");
  }
  for (const { instances } of Object.values(saved.services)) {
    instances.forEach(readInstance);
  }
  return { ...saved, epoch: epoch || null };
}

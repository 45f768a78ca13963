/**
 * What is known of one configuration item.
 *
 * @module
 */

/** A release of a configuration item. */
export interface ConfigValue {
  /** The number of the release. */
  readonly release: number;
  /** How the content is read: `yaml`, `json`, `properties`, `toml`, `text` and so on. */
  readonly format: string;
  /** The text, as it was released. */
  readonly content: string;
}

/** A `config` event, as far as it is used. */
export interface ConfigEvent {
  readonly group: string;
  readonly key: string;
  readonly release: number;
  readonly format?: string;
  readonly content?: string;
  readonly removed?: boolean;
  readonly secret?: boolean;
  readonly error?: string;
}

/** The copy of one item, named `group/key`. */
export class ConfigCopy {
  /** Whether anything has ever been said of it. */
  known = false;
  /** Whether the stream has told what is in use, and not only the disk. */
  live = false;
  /** Whether it must not be written to disk. */
  secret = false;
  /** What is in use; `undefined` if there is no such item. */
  value: ConfigValue | undefined;

  constructor(readonly name: string) {}

  /** Takes over what is on disk. */
  restore(value: ConfigValue | undefined): void {
    this.value = value;
    this.known = true;
  }

  /** Takes over an event; gives whether it changed anything. */
  apply(event: ConfigEvent): boolean {
    if (!Number.isInteger(event.release)) {
      throw new TypeError(`an event of ${this.name} lacks its release`);
    }
    if (event.error !== undefined) {
      return false;
    }
    const before = this.value;
    this.value = event.removed ? undefined : readValue(event, this.name);
    this.secret = event.secret === true;
    this.live = true;
    const changed = !this.known || !same(before, this.value);
    this.known = true;
    return changed;
  }
}

function readValue({ release, format, content }: ConfigEvent, name: string): ConfigValue {
  if (typeof content !== "string") {
    throw new TypeError(`an event of ${name} lacks its content`);
  }
  return { release, format: format ?? "text", content };
}

function same(a: ConfigValue | undefined, b: ConfigValue | undefined): boolean {
  return a?.release === b?.release && a?.content === b?.content && a?.format === b?.format;
}

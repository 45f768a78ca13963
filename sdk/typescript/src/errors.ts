/**
 * What can go wrong, as types. Each says what to do and keeps what it came from as `cause`.
 *
 * @module
 */

/** What all errors of this package have in common. */
export class RegistryError extends Error {
  override name = "RegistryError";
}

/** An option or argument can't be used; the message says which and why. Nothing was sent. */
export class InvalidOptionError extends RegistryError {
  override name = "InvalidOptionError";
}

/** A text is not a version range. */
export class InvalidVersionRangeError extends RegistryError {
  override name = "InvalidVersionRangeError";

  constructor(
    /** The text. */
    readonly range: string,
    /** Which rule it breaks: the grammar, numbers up to 2^64 − 1, or at most 256 bytes. */
    readonly reason: "syntax" | "number" | "length",
    detail: string,
    /** Where a `syntax` or `number` error stands, in bytes from the beginning. */
    readonly position?: number,
  ) {
    super(`version range: ${detail}`);
  }
}

/** A service is not known yet: neither the registry nor the snapshot on disk has told of it. Try again later. */
export class NotKnownYetError extends RegistryError {
  override name = "NotKnownYetError";

  constructor(
    /** The service, or the configuration item. */
    readonly subject: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${subject} is not known yet: ${reason}`, options);
  }
}

/** Why no instance could be chosen. */
export type NoInstanceReason = "no instances" | "none eligible" | "none match" | "all ejected";

/** A service is known, but has no instance for what was asked. */
export class NoInstanceError extends RegistryError {
  override name = "NoInstanceError";

  constructor(
    /** The service. */
    readonly service: string,
    /**
     * `no instances`: nobody is registered; `none eligible`: nobody is up and healthy; `none match`: the version range,
     * tags or metadata exclude all; `all ejected`: outlier detection took all out, and the policy switched panic off.
     */
    readonly reason: NoInstanceReason,
  ) {
    super(`no instance of ${service} to choose: ${reason}`);
  }
}

/** The registry answered, and what was asked can't be done. Repeating it won't help: read `code` and `detail`. */
export class RefusedError extends RegistryError {
  override name = "RefusedError";

  /** Whether the registry doesn't know the session or instance. */
  get isNotRegistered(): boolean {
    return this.code === "not-registered";
  }

  constructor(
    /** What was asked. */
    readonly action: string,
    /** The HTTP status. */
    readonly status: number,
    /** The stable word for programs, such as `invalid-field`. */
    readonly code: string,
    /** What was wrong, and what to do. */
    readonly detail: string,
  ) {
    super(`the registry refused to ${action}: ${detail || code || `status ${status}`}`);
  }
}

/** The registry could not be asked, or didn't answer as documented. It is tried again by itself where that makes sense. */
export class UnavailableError extends RegistryError {
  override name = "UnavailableError";

  constructor(
    message: string,
    options?: ErrorOptions & {
      /** The least to wait before the next try, in milliseconds, if the registry said so. */
      retryAfterMs?: number | undefined;
    },
  ) {
    super(message, options);
    this.retryAfterMs = options?.retryAfterMs;
  }

  /** The least to wait before the next try, in milliseconds, if the registry said so. */
  readonly retryAfterMs: number | undefined;
}

/** A connection to an instance wasn't opened within the time-out of the policy. Nothing was sent. */
export class ConnectTimeoutError extends RegistryError {
  override name = "ConnectTimeoutError";
  /** The same as undici's own. */
  readonly code = "UND_ERR_CONNECT_TIMEOUT";

  constructor(
    /** The instance, `address:port`. */
    readonly host: string,
  ) {
    super(`the connection to ${host} wasn't opened in time`);
  }
}

/** The client is closed; make another one. */
export class ClosedError extends RegistryError {
  override name = "ClosedError";

  constructor() {
    super("the registry client is closed; connect another one");
  }
}

/** What was thrown, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

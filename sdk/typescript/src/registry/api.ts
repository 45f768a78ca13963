/**
 * Requests to the registry: who is asked, what every request says, and what counts as an answer.
 *
 * @module
 */
import { RefusedError, UnavailableError, asError } from "../errors.js";
import { USER_AGENT } from "../version.js";
import type { Addresses } from "./addresses.js";
import { untilAborted } from "./until-aborted.js";

/** What the API needs to know; it crosses to the heartbeat's thread. */
export interface ApiSettings {
  readonly token: string | undefined;
  readonly namespace: string;
  readonly requestTimeoutMs: number;
}

/** One request. */
export interface ApiRequest {
  readonly method: "PUT" | "POST" | "PATCH" | "DELETE";
  /** Below `/api/v1`. */
  readonly path: string;
  readonly body?: unknown;
  /** What is asked, for people. */
  readonly action: string;
  /** Whether an answer is the documented one. Whoever stands between may answer 200 with anything. */
  readonly accepts?: (answer: unknown) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Answers that are final, if they are the registry's own: repeating the request would not help. */
const FINAL: ReadonlySet<number> = new Set([400, 401, 403, 404, 409, 413, 422]);
/** The most that is read of an answer, in bytes. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
const RETRY_AFTER_MAX_S = 60;

/** Speaks to one registry. */
export class Api {
  constructor(
    private readonly settings: ApiSettings,
    readonly addresses: Addresses,
    private readonly now: () => number,
  ) {}

  /**
   * Asks, and gives the JSON that is answered; `undefined` for an empty answer.
   *
   * @throws {@link RefusedError} for a final answer; {@link UnavailableError} for everything else, after which the next
   * address holds
   */
  async send(request: ApiRequest): Promise<unknown> {
    const stop = new AbortController();
    const release = this.limit(stop, request.signal);
    try {
      return await this.attempt(request.action, stop, async (index) => {
        // Requests are so rare that a connection would be idle until it is closed, and be left behind by the last.
        const response = await this.fetch(index, request, { Connection: "close" }, stop.signal);
        const text = await readText(response);
        if (response.status >= 200 && response.status < 300) {
          return read(request, text);
        }
        throw refusalOf(request.action, response, text);
      });
    } finally {
      release();
    }
  }

  /**
   * Opens a stream of server-sent events, which lasts until `stop` aborts. The time-out is that of the head of the answer:
   * the stream itself has none.
   *
   * @throws as {@link send} does
   */
  async open(
    path: string,
    body: unknown,
    lastEventId: string | undefined,
    stop: AbortController,
  ): Promise<{ response: Response; index: number }> {
    const action = "open a stream";
    const release = this.limit(stop);
    try {
      return await this.attempt(action, stop, async (index) => {
        const headers = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
        const request: ApiRequest = { method: "POST", path, body, action };
        const response = await this.fetch(index, request, headers, stop.signal);
        const type = response.headers.get("content-type") ?? "";
        if (response.status === 200 && type.startsWith("text/event-stream")) {
          return { response, index };
        }
        throw refusalOf(action, response, await readText(response));
      });
    } finally {
      release();
    }
  }

  /** Aborts `stop` after the request time-out, or when `parent` aborts, until the answer is called. */
  private limit(stop: AbortController, parent?: AbortSignal): () => void {
    const timer = setTimeout(() => {
      stop.abort(new DOMException("no answer in time", "TimeoutError"));
    }, this.settings.requestTimeoutMs);
    const follow = (): void => stop.abort(parent?.reason);
    if (parent?.aborted) {
      follow();
    }
    parent?.addEventListener("abort", follow, { once: true });
    return () => {
      clearTimeout(timer);
      parent?.removeEventListener("abort", follow);
    };
  }

  /** Runs one try at the address that holds; a failure that isn't the asker's giving up goes to the next one. */
  private async attempt<T>(
    action: string,
    { signal }: AbortController,
    run: (index: number) => Promise<T>,
  ): Promise<T> {
    const { index } = this.addresses;
    try {
      return await untilAborted(run(index), signal);
    } catch (thrown) {
      if (thrown instanceof RefusedError) {
        throw thrown;
      }
      if (!signal.aborted || asError(signal.reason).name === "TimeoutError") {
        this.addresses.failed(index);
      }
      if (thrown instanceof UnavailableError) {
        throw thrown;
      }
      const { message, cause } = asError(thrown);
      const reason = cause instanceof Error ? cause.message || message : message;
      throw new UnavailableError(`could not ${action} at ${this.addresses.url(index)}: ${reason}`, {
        cause: thrown,
      });
    }
  }

  private async fetch(
    index: number,
    { method, path, body }: ApiRequest,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { namespace, token } = this.settings;
    const query = namespace === "default" ? "" : `?namespace=${encodeURIComponent(namespace)}`;
    const response = await fetch(`${this.addresses.url(index)}/api/v1${path}${query}`, {
      method,
      headers: {
        ...headers,
        Prefer: "handling=lenient",
        "User-Agent": USER_AGENT,
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "manual",
      signal,
    });
    if (response.headers.has("x-registry-isolated")) {
      this.addresses.isolated(index, this.now());
    }
    return response;
  }
}

function read({ accepts, action }: ApiRequest, text: string): unknown {
  const answer: unknown = text === "" ? undefined : JSON.parse(text);
  if (accepts && !accepts(answer)) {
    throw new UnavailableError(`could not ${action}: the answer isn't the registry's`);
  }
  return answer;
}

function refusalOf(action: string, response: Response, text: string): Error {
  const { code, detail } = readProblem(text);
  // Without a code it is the word of whoever stands between.
  if (FINAL.has(response.status) && code !== "") {
    return new RefusedError(action, response.status, code, detail);
  }
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new UnavailableError(`could not ${action}: status ${response.status} ${detail}`.trimEnd(), {
    retryAfterMs: retryAfter >= 0 && retryAfter <= RETRY_AFTER_MAX_S ? retryAfter * 1000 : undefined,
  });
}

function readProblem(text: string): { code: string; detail: string } {
  try {
    const problem = JSON.parse(text) as { code?: unknown; detail?: unknown };
    const code = typeof problem.code === "string" ? problem.code : "";
    return { code, detail: String(problem.detail ?? "") };
  } catch {
    // Whoever stands between answers with a page of its own, which says nothing to a program.
    return { code: "", detail: "" };
  }
}

async function readText(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.byteLength;
    if (length > ANSWER_BYTES_MAX) {
      throw new UnavailableError(`an answer of the registry is over ${ANSWER_BYTES_MAX} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

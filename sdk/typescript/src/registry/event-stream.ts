/**
 * Reading server-sent events from the bytes of a stream.
 *
 * @module
 */

/** One event, or an id alone. */
export interface ServerSentEvent {
  /** Its kind; empty where only an id came. */
  readonly event: string;
  readonly data: string;
  /** The point up to which nothing is owed to the stream, if it moved. */
  readonly id: string | undefined;
}

/** Longest line, in characters. */
const LINE_MAX = 64 * 1024 * 1024;

/** Cuts a stream into events. */
export class EventStreamReader {
  private readonly decoder = new TextDecoder();
  private pieces: string[] = [];
  private length = 0;
  private event = "";
  private data: string[] = [];
  private id: string | undefined;

  /** @param lineMax - longest line, in characters */
  constructor(private readonly lineMax = LINE_MAX) {}

  /**
   * The events that `bytes` completes.
   *
   * @throws RangeError if a line is too long
   */
  *read(bytes: Uint8Array): Generator<ServerSentEvent> {
    const text = this.decoder.decode(bytes, { stream: true });
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.keep(text.slice(from, end));
      from = end + 1;
      const line = this.pieces.join("");
      this.pieces = [];
      this.length = 0;
      const event = this.line(line.endsWith("\r") ? line.slice(0, -1) : line);
      if (event) {
        yield event;
      }
    }
    this.keep(text.slice(from));
  }

  private keep(piece: string): void {
    this.length += piece.length;
    if (this.length > this.lineMax) {
      throw new RangeError(`a line of the stream is over ${this.lineMax} characters`);
    }
    this.pieces.push(piece);
  }

  private line(line: string): ServerSentEvent | undefined {
    if (line === "") {
      return this.finish();
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line.charAt(colon + 1) === " " ? colon + 2 : colon + 1);
    if (name === "event") {
      this.event = value;
    } else if (name === "data") {
      this.data.push(value);
    } else if (name === "id") {
      this.id = value;
    }
    return undefined;
  }

  private finish(): ServerSentEvent | undefined {
    const { event, data, id } = this;
    this.event = "";
    this.data = [];
    this.id = undefined;
    return data.length > 0 || id !== undefined
      ? { event: data.length > 0 ? event : "", data: data.join("\n"), id }
      : undefined;
  }
}

/**
 * The client: one for each process and namespace.
 *
 * @module
 */
import { Attempts, type CallTerms } from "./call/attempts.js";
import { Caller, type CallInit } from "./call/fetch.js";
import { MILLISECOND } from "./choose/duration.js";
import { below } from "./choose/random.js";
import { ConfigItem } from "./config.js";
import { ConfigCopy } from "./copy/config-copy.js";
import { Copies } from "./copy/copies.js";
import { ServiceCopy } from "./copy/service-copy.js";
import { loadSnapshot, snapshotPath, type Loaded } from "./copy/snapshot-file.js";
import { SnapshotWriter } from "./copy/snapshot-writer.js";
import { ClosedError, InvalidOptionError } from "./errors.js";
import { Hooks, type EventListener } from "./hooks.js";
import { settle, type ConnectOptions, type Settings, type Surroundings } from "./options.js";
import { Acks } from "./process/acks.js";
import type { Registration, RegisterOptions } from "./process/registration.js";
import { Report } from "./process/report.js";
import { Session } from "./process/session.js";
import { SignalHandlers } from "./process/signals.js";
import { Addresses } from "./registry/addresses.js";
import { Api } from "./registry/api.js";
import type { Watch } from "./registry/watch.js";
import { Watches } from "./registry/watches.js";
import { Service, type ChooseOptions } from "./service.js";

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;

/**
 * A connection to a registry. It registers this process, keeps a local copy of the services and configuration that are
 * asked for, and calls services by name. Nothing in it waits for the registry unless it says so.
 */
export class Registry implements AsyncDisposable {
  private readonly hooks: Hooks;
  private readonly api: Api;
  private readonly copies: Copies;
  private readonly watches: Watches;
  private readonly session: Session;
  private readonly acks: Acks;
  private readonly report = new Report();
  private readonly writer: SnapshotWriter | undefined;
  private readonly signals: SignalHandlers;
  private readonly caller: Caller;
  private readonly services = new Map<string, Service>();
  private readonly configs = new Map<string, ConfigItem>();
  private readonly loaded: Loaded;
  private readonly loadedAt: number;
  private readonly stopped = new AbortController();
  private closing: Promise<void> | undefined;

  /**
   * Connects. Nothing is sent before something is asked for, and what is on disk is read at once.
   *
   * @throws {@link InvalidOptionError} if an option can't be used
   */
  static connect(options: ConnectOptions = {}, surroundings: Surroundings = {}): Registry {
    return new Registry(settle(options, surroundings), options);
  }

  private constructor(
    private readonly settings: Settings,
    options: ConnectOptions,
  ) {
    const { clock, logger, random, urls } = settings;
    this.hooks = new Hooks(logger);
    if (options.onEvent) {
      this.hooks.add(options.onEvent);
    }
    const addresses = new Addresses(urls);
    addresses.start(below(random, urls.length));
    this.api = new Api(settings, addresses, () => clock.now());
    this.copies = new Copies(clock, this.hooks, {
      serviceChanged: (copy) => {
        this.services.get(copy.name)?.changed();
        this.writer?.changed();
      },
      configChanged: (copy, changed) => {
        this.configs.get(copy.name)?.told(changed);
        this.writer?.changed();
      },
      epochKnown: () => this.writer?.changed(),
    });
    this.session = new Session(this.api, settings, this.hooks, this.report, {
      begun: () => this.signals.install(),
      registeredAgain: () => this.watches.renew(),
    });
    this.watches = new Watches({
      api: this.api,
      settings,
      hooks: this.hooks,
      copies: this.copies,
      session: (followsConfigs) => (followsConfigs || this.session.isKnown ? settings.session : undefined),
      notRegistered: () => this.session.registerAgain(),
    });
    this.acks = new Acks(this.api, settings);
    this.caller = new Caller(settings, (name) => this.service(name), this.stopped.signal);
    this.signals = new SignalHandlers(settings.signals, () => this.close());
    const folder = settings.snapshotFolder;
    const path = folder === undefined ? undefined : snapshotPath(folder, settings.namespace);
    this.writer = path === undefined ? undefined : new SnapshotWriter(path, this.copies, clock, logger);
    this.loaded = this.load(path);
    this.loadedAt = clock.now();
    this.closeWith(options.signal);
  }

  /**
   * Registers an instance of this process, and keeps it registered until the client closes. Returns at once; wait for
   * `ready()` of the answer where it matters.
   *
   * @throws {@link InvalidOptionError} if service or port is missing; {@link ClosedError}
   */
  register(options: RegisterOptions): Registration {
    this.checkOpen();
    return this.session.register(options);
  }

  /**
   * The local copy of a service, which is followed from now on. Asking again gives the same object.
   *
   * @throws {@link InvalidOptionError} if it is no name; {@link ClosedError}
   */
  service(name: string): Service {
    const known = this.services.get(name);
    if (known) {
      return known;
    }
    this.checkOpen();
    checkName("service", name);
    const copy = new ServiceCopy(name);
    const saved = this.loaded.saved;
    const onDisk = saved && Object.hasOwn(saved.services, name) ? saved.services[name] : undefined;
    if (saved && onDisk) {
      copy.restore(onDisk, saved.epoch ?? undefined);
    }
    this.copies.services.set(name, copy);
    const { hooks, report, settings } = this;
    const watch = this.watches.followService(name);
    const service = new Service(copy, {
      settings,
      hooks,
      report,
      streamAge: () => watch.age(settings.clock.now()),
      diskAge: () => this.diskAge(),
      failure: () => this.failure(watch),
    });
    this.services.set(name, service);
    return service;
  }

  /**
   * A configuration item, `group/key`, which is followed from now on. Asking again gives the same object.
   *
   * @throws {@link InvalidOptionError} if it is no name; {@link ClosedError}
   */
  config(name: string): ConfigItem {
    const known = this.configs.get(name);
    if (known) {
      return known;
    }
    this.checkOpen();
    const [group = "", key = "", ...more] = name.split("/");
    checkName("group", group);
    checkName("key", more.length === 0 ? key : name);
    const copy = new ConfigCopy(name);
    const saved = this.loaded.saved;
    if (saved && Object.hasOwn(saved.configs, name)) {
      copy.restore(saved.configs[name]);
    }
    this.copies.configs.set(name, copy);
    const watch = this.watches.followConfig(name);
    const failure = (): Error | undefined => this.failure(watch);
    const item = new ConfigItem(copy, this.acks, this.settings.requestTimeoutMs, failure);
    this.configs.set(name, item);
    return item;
  }

  /**
   * Calls a service: `http://orders/path` goes to an instance of `orders`, chosen as its policy says. The outcome steers
   * later choices, and what may be sent again is, within the policy's retry budget and time-outs. After the last try, its
   * answer or error is the call's.
   *
   * @throws {@link InvalidOptionError} for another address; {@link NotKnownYetError} and {@link NoInstanceError} if nobody
   * can be chosen; what `fetch` throws otherwise
   */
  fetch(url: string | URL, init?: CallInit): Promise<Response> {
    return this.caller.fetch(url, init);
  }

  /** The tries of a call that somebody else sends. @internal */
  attempts(service: Service, ask: ChooseOptions, terms: CallTerms): Attempts {
    return new Attempts(service, this.settings, ask, terms);
  }

  /**
   * Notes that this process serves a call: heartbeats tell how many, how many failed, and how many are under way. The
   * answer is to be called once, when the call was served. The integrations do it by themselves.
   */
  serving(): (failed: boolean) => void {
    return this.report.serve();
  }

  /** Whether the last registration or heartbeat was taken by the registry. */
  get isRegistered(): boolean {
    return this.session.isRegistered;
  }

  /** Calls back with everything that happens; the answer stops it. */
  onEvent(listener: EventListener): () => void {
    return this.hooks.add(listener);
  }

  /**
   * Drains, deregisters and stops: within the close time-out, and leaving nothing behind. Choosing goes on during the
   * drain delay. Calling it again waits for the same end.
   */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  /** The same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async end(): Promise<void> {
    this.signals.remove();
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.settings.closeTimeoutMs);
    await this.session.end(limit.signal);
    clearTimeout(timer);
    this.stopped.abort();
    this.caller.close();
    await Promise.all([this.session.close(), this.watches.close(), this.acks.close()]);
    this.copies.close();
    await this.writer?.close();
    for (const one of [...this.services.values(), ...this.configs.values()]) {
      one.close();
    }
  }

  private load(path: string | undefined): Loaded {
    if (path === undefined) {
      return { saved: undefined, ageMs: 0, warning: undefined };
    }
    const loaded = loadSnapshot(path, this.settings.clock.wallTime());
    if (loaded.warning) {
      this.settings.logger.warn(`paste-registry: ${loaded.warning}`);
    }
    if (loaded.saved) {
      this.copies.epoch = loaded.saved.epoch ?? undefined;
      this.hooks.emit("snapshot-loaded", {
        services: Object.keys(loaded.saved.services).length,
        configs: Object.keys(loaded.saved.configs).length,
        ageMs: loaded.ageMs,
      });
    }
    return loaded;
  }

  /** How old what came from disk is, in ms: what it was at the start, and the time since. */
  private diskAge(): number {
    return this.loaded.ageMs + (this.settings.clock.now() - this.loadedAt) / MILLISECOND;
  }

  private failure(watch: Watch): Error | undefined {
    return this.closing ? new ClosedError() : watch.failure;
  }

  private closeWith(signal: AbortSignal | undefined): void {
    const close = (): void => void this.close();
    if (signal?.aborted) {
      close();
    }
    signal?.addEventListener("abort", close, { once: true });
    this.stopped.signal.addEventListener("abort", () => signal?.removeEventListener("abort", close));
  }

  private checkOpen(): void {
    if (this.closing) {
      throw new ClosedError();
    }
  }
}

function checkName(noun: string, name: string): void {
  if (!NAME.test(name)) {
    throw new InvalidOptionError(
      `${JSON.stringify(name)} is no name of a ${noun}: letters, digits, . _ and -`,
    );
  }
}

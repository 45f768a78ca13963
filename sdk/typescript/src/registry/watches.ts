/**
 * All streams of a client: subscriptions fill one after the other.
 *
 * @module
 */
import { SUBSCRIPTIONS_MAX, Watch, type WatchContext } from "./watch.js";

/** The streams of one client. */
export class Watches {
  private readonly watches: Watch[] = [];

  constructor(private readonly context: WatchContext) {}

  /** Follows a service; the answer is the stream that tells of it. */
  followService(name: string): Watch {
    const watch = this.withRoom();
    watch.services.add(name);
    watch.renew();
    return watch;
  }

  /** Follows a configuration item, `group/key`. */
  followConfig(name: string): Watch {
    const watch = this.withRoom();
    watch.configs.add(name);
    watch.renew();
    return watch;
  }

  /** Opens all streams anew: the session is another one to the registry. */
  renew(): void {
    for (const watch of this.watches) {
      watch.renew();
    }
  }

  /** Ends all streams. */
  async close(): Promise<void> {
    await Promise.all(this.watches.map((watch) => watch.close()));
  }

  private withRoom(): Watch {
    const last = this.watches.at(-1);
    if (last && last.size < SUBSCRIPTIONS_MAX) {
      return last;
    }
    const watch = new Watch(this.context);
    this.watches.push(watch);
    return watch;
  }
}

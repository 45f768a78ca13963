package registry.paste.client;

/** A callback that is called until this is closed. */
@FunctionalInterface
public interface Subscription extends AutoCloseable {
    /** Ends it. A call that has begun goes on. */
    @Override
    void close();
}

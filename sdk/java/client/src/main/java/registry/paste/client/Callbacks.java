package registry.paste.client;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import registry.paste.client.session.Registrar;
import registry.paste.client.wire.Failures;
import registry.paste.client.wire.Workers;

/** Calls the program back, one call at a time, on a thread that nothing else waits for. */
final class Callbacks {
    private static final int WAITING_MAX = 10_000;
    private static final System.Logger LOG = System.getLogger("registry.paste.client");

    private final Registrar registrar;
    private final ThreadPoolExecutor thread = Workers.pool("paste-registry-callbacks", 1, WAITING_MAX);
    private final Set<Service> waiting = ConcurrentHashMap.newKeySet();

    Callbacks(Registrar registrar) {
        this.registrar = registrar;
    }

    /** A service changed; one call tells of all changes before it. */
    void changed(Service service) {
        if (!service.callbacks().isEmpty() && waiting.add(service)) {
            submit(() -> {
                waiting.remove(service);
                service.callbacks().forEach(callback -> call(service, callback));
            });
        }
    }

    private static void call(Service service, Consumer<Service> callback) {
        try {
            callback.accept(service);
        } catch (RuntimeException wrong) {
            LOG.log(System.Logger.Level.WARNING, "a callback of " + service.name() + " failed", wrong);
        }
    }

    /** A release is to be applied, then acknowledged. */
    void deliver(ConfigItem item, Optional<ConfigItem.Value> value, List<ConfigItem.Callback> callbacks) {
        if (callbacks.isEmpty()) {
            acknowledge(item, value, null);
        } else {
            submit(() -> acknowledge(item, value, apply(item, value, callbacks)));
        }
    }

    /**
     * A release was told again: it is acknowledged again with the last word on it, as each node of the registry keeps
     * acknowledgements for itself.
     */
    void confirm(ConfigItem item, Optional<ConfigItem.Value> value) {
        if (item.callbacks().isEmpty()) {
            acknowledge(item, value, null);
        } else {
            submit(() -> {
                ConfigItem.Verdict last = item.verdict();
                // Where there is no word yet, one comes when it was applied.
                if (last != null
                        && value.isPresent()
                        && last.release() == value.get().release()) {
                    acknowledge(item, value, last.error());
                }
            });
        }
    }

    private static String apply(
            ConfigItem item, Optional<ConfigItem.Value> value, List<ConfigItem.Callback> callbacks) {
        String error = null;
        for (ConfigItem.Callback callback : callbacks) {
            try {
                callback.changed(value);
            } catch (Exception refused) {
                LOG.log(System.Logger.Level.WARNING, "a release of " + item.name() + " can't be applied", refused);
                error = Failures.words(refused);
            }
        }
        return error;
    }

    private void acknowledge(ConfigItem item, Optional<ConfigItem.Value> value, String error) {
        value.ifPresent(release -> {
            item.verdict(new ConfigItem.Verdict(release.release(), error));
            registrar.acknowledge(item.name(), release.release(), error);
        });
    }

    private void submit(Runnable call) {
        try {
            thread.execute(call);
        } catch (RejectedExecutionException tooMany) {
            if (!thread.isShutdown()) {
                LOG.log(System.Logger.Level.WARNING, "a callback is left out: " + WAITING_MAX + " are waiting");
            }
        }
    }

    /** Ends; calls that haven't begun are left out. */
    void close(long milliseconds) throws InterruptedException {
        thread.shutdownNow();
        thread.awaitTermination(milliseconds, TimeUnit.MILLISECONDS);
    }
}

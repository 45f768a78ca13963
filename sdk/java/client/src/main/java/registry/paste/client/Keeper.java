package registry.paste.client;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import registry.paste.client.copy.LocalCopy;
import registry.paste.client.copy.SnapshotFile;
import registry.paste.client.stream.Watcher;
import registry.paste.client.wire.Time;
import registry.paste.client.wire.Workers;

/** What has to be done every second: doubtful instances that go, streams that are silent, the copy on disk. */
final class Keeper {
    private static final System.Logger LOG = System.getLogger("registry.paste.client");

    private final LocalCopy copy;
    private final Watcher watcher;
    private final SnapshotFile file;
    private final Time time;
    private final ScheduledThreadPoolExecutor timer = Workers.timer("paste-registry-keeper");
    private long saved;

    Keeper(LocalCopy copy, Watcher watcher, Path folder, String namespace, Time time) {
        this.copy = copy;
        this.watcher = watcher;
        this.file = folder == null ? null : new SnapshotFile(folder, namespace);
        this.time = time;
    }

    /** Loads what is on disk; whether there was something. */
    boolean load() {
        SnapshotFile.Loaded loaded = file == null ? null : file.load(time.now());
        if (loaded != null) {
            copy.load(loaded);
        }
        return loaded != null;
    }

    void start() {
        timer.scheduleWithFixedDelay(this::tick, 1, 1, TimeUnit.SECONDS);
    }

    private void tick() {
        try {
            copy.expire(watcher.servicesSpokenOf());
            watcher.checkSilence();
            save();
        } catch (RuntimeException unexpected) {
            // The next second must come all the same.
            LOG.log(System.Logger.Level.ERROR, "the client could not do what is due every second", unexpected);
        }
    }

    private synchronized void save() {
        long changes = copy.changes();
        if (file == null || changes == saved) {
            return;
        }
        Optional<Map<String, Object>> payload = copy.write(time.now());
        if (payload.isEmpty()) {
            // What is on disk stays as good as it was.
            return;
        }
        try {
            file.save(payload.get());
            saved = changes;
        } catch (IOException failure) {
            LOG.log(System.Logger.Level.WARNING, "the local copy can't be written: " + failure);
        }
    }

    /** Writes what changed, and ends; waits at most so long. */
    void close(long milliseconds) throws InterruptedException {
        timer.shutdown();
        timer.awaitTermination(milliseconds, TimeUnit.MILLISECONDS);
        save();
    }
}

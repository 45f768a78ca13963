package registry.paste.client;

import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import registry.paste.client.copy.ConfigCopy;
import registry.paste.client.copy.LocalCopy;
import registry.paste.client.copy.ServiceCopy;
import registry.paste.client.session.CallCounts;
import registry.paste.client.session.Entry;
import registry.paste.client.session.Heartbeats;
import registry.paste.client.session.Registrar;
import registry.paste.client.session.ServedCounts;
import registry.paste.client.session.SessionContext;
import registry.paste.client.session.SessionId;
import registry.paste.client.stream.StreamContext;
import registry.paste.client.stream.Watcher;
import registry.paste.client.traffic.Decider;
import registry.paste.client.traffic.Endpoint;
import registry.paste.client.wire.Addresses;
import registry.paste.client.wire.Hooks;
import registry.paste.client.wire.Names;
import registry.paste.client.wire.ServiceNames;
import registry.paste.client.wire.Transport;
import registry.paste.client.wire.Workers;

/**
 * A client of the registry: registers this process, follows services and configuration, chooses instances. One for a process
 * is enough. Nothing waits for the registry but the first use of a service or an item; when the registry is away, what is
 * known goes on being used. Thread-safe; closing it drains and removes all that it registered.
 */
public final class Registry implements AutoCloseable {
    private static final String TTL = "15s";
    private static final int IO_THREADS = 2;
    private static final long JOIN_MILLIS = 1_000;

    private final RegistryBuilder.Settings settings;
    private final String session;
    private final ThreadPoolExecutor io = Workers.pool("paste-registry-io", IO_THREADS, Integer.MAX_VALUE);
    private final Transport transport;
    private final CallCounts calls = new CallCounts();
    private final ServedCounts served = new ServedCounts();
    private final Map<String, Service> services = new ConcurrentHashMap<>();
    private final Map<String, ConfigItem> configs = new ConcurrentHashMap<>();
    private final LocalCopy copy;
    private final Registrar registrar;
    private final Heartbeats heartbeats;
    private final Watcher watcher;
    private final Keeper keeper;
    private final Callbacks callbacks;
    private final Thread shutdownHook;
    private RegistryHttpClient http;
    private volatile boolean closed;

    Registry(RegistryBuilder.Settings settings) {
        this.settings = settings;
        this.session = SessionId.draw(settings.random());
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(settings.requestTimeout())
                .executor(io)
                .build();
        this.transport = new Transport(
                client,
                new Addresses(settings.urls(), settings.random()),
                settings.time(),
                settings.namespace(),
                settings.token());
        SessionContext context = new SessionContext(
                session, transport, settings.time(), settings.random(), settings.hooks(), settings.requestTimeout());
        this.copy = new LocalCopy(settings.time(), this::decider, new Changes());
        this.registrar = new Registrar(context, this::renewStreams);
        this.heartbeats = new Heartbeats(registrar, calls, served, context, settings.heartbeat());
        this.watcher = new Watcher(streamContext());
        this.keeper = new Keeper(copy, watcher, settings.snapshotFolder(), settings.namespace(), settings.time());
        this.callbacks = new Callbacks(registrar);
        this.shutdownHook = new Thread(this::close, "paste-registry-shutdown");
        start();
    }

    private void start() {
        if (keeper.load()) {
            settings.hooks().emit("snapshot-loaded", Map.of());
        }
        keeper.start();
        heartbeats.start();
        if (settings.shutdownHook()) {
            Runtime.getRuntime().addShutdownHook(shutdownHook);
        }
    }

    private StreamContext streamContext() {
        return new StreamContext(
                transport,
                copy,
                settings.time(),
                settings.random(),
                settings.hooks(),
                settings.requestTimeout(),
                settings.zone(),
                settings.labels(),
                session,
                registrar::anyThere,
                registrar::forgotten);
    }

    private void renewStreams() {
        watcher.renew();
    }

    private Decider decider(String service) {
        return new Decider(
                settings.zone(), settings.region(), settings.random(), endpoint -> ejected(service, endpoint));
    }

    private void ejected(String service, Endpoint endpoint) {
        settings.hooks().emit("ejected", Map.of("service", service, "id", endpoint.id()));
    }

    /** Tells those who wait for changes. */
    private final class Changes implements LocalCopy.Listener {
        @Override
        public void changed(ServiceCopy changed) {
            Service service = services.get(changed.name());
            if (service != null) {
                callbacks.changed(service);
            }
        }

        @Override
        public void changed(ConfigCopy changed) {
            ConfigItem item = configs.get(changed.name());
            if (item != null) {
                callbacks.deliver(item, item.current(), item.callbacks());
            }
        }

        @Override
        public void confirmed(ConfigCopy confirmed) {
            ConfigItem item = configs.get(confirmed.name());
            if (item != null) {
                callbacks.confirm(item, item.current());
            }
        }
    }

    /**
     * A client with the settings of the environment.
     *
     * @return the client
     */
    public static Registry connect() {
        return builder().connect();
    }

    /**
     * A client with settings of your own.
     *
     * @return where to say them
     */
    public static RegistryBuilder builder() {
        return new RegistryBuilder();
    }

    /**
     * Registers this process; returns at once, and goes on until it is there.
     *
     * @param service the service's name
     * @param port where it listens
     * @return the registration
     * @throws IllegalStateException if the client is closed
     */
    public Registration register(String service, int port) {
        return registration(service, port).register();
    }

    /**
     * Registers this process with all that can be said of it.
     *
     * @param service the service's name
     * @param port where it listens
     * @return where to say it; end with {@link RegistrationBuilder#register()}
     */
    public RegistrationBuilder registration(String service, int port) {
        return new RegistrationBuilder(this, service, port);
    }

    synchronized Registration register(String service, String id, Map<String, Object> body) {
        refuseIfClosed();
        body.put("session", session);
        body.put("ttl", TTL);
        if (settings.zone() != null) {
            body.putIfAbsent("zone", settings.zone());
        }
        if (settings.region() != null) {
            body.putIfAbsent("region", settings.region());
        }
        Entry entry = new Entry(service, id, body);
        registrar.add(entry);
        return new Registration(this, entry);
    }

    /**
     * The local copy of a service, which is followed from now on.
     *
     * @param name the service's name
     * @return the copy, always the same for a name
     * @throws IllegalArgumentException if no service can have that name
     * @throws IllegalStateException if the client is closed
     */
    public Service service(String name) {
        refuseIfClosed();
        Service known = services.get(name);
        return known == null ? follow(name) : known;
    }

    private synchronized Service follow(String name) {
        refuseIfClosed();
        Service known = services.get(name);
        if (known != null) {
            return known;
        }
        Service service = new Service(
                this,
                copy.service(Names.service(name)),
                nanos() + settings.requestTimeout().toNanos());
        // There before the stream can speak of it.
        services.put(name, service);
        watcher.followService(name);
        return service;
    }

    private void refuseIfClosed() {
        if (closed) {
            throw new IllegalStateException("the client is closed");
        }
    }

    /**
     * The names of all services of the namespace; asks the registry.
     *
     * @return the names, in order
     * @throws IOException if the registry doesn't answer with a list
     * @throws InterruptedException if the thread was interrupted
     */
    public List<String> serviceNames() throws IOException, InterruptedException {
        return new ServiceNames(transport, settings.requestTimeout()).all();
    }

    /**
     * A configuration item, which is followed from now on.
     *
     * @param name {@code group/key}
     * @return the item, always the same for a name
     * @throws IllegalArgumentException if no item can have that name
     * @throws IllegalStateException if the client is closed
     */
    public synchronized ConfigItem config(String name) {
        refuseIfClosed();
        ConfigItem known = configs.get(name);
        if (known != null) {
            return known;
        }
        ConfigItem item = new ConfigItem(
                this,
                copy.config(Names.item(name)),
                nanos() + settings.requestTimeout().toNanos());
        // There before the stream can speak of it.
        configs.put(name, item);
        watcher.followConfig(name);
        return item;
    }

    /**
     * A client of HTTP that sends {@code http://orders/path} to an instance of {@code orders}, as its policy says.
     *
     * @return the client, always the same
     */
    public synchronized RegistryHttpClient http() {
        if (http == null) {
            refuseIfClosed();
            http = new RegistryHttpClient(this, settings.random());
        }
        return http;
    }

    /**
     * Counts the calls that this process serves, for its heartbeats.
     *
     * @return for middleware of a server
     */
    public ServedCalls served() {
        return new ServedCalls(served);
    }

    /**
     * Whether the last registration or heartbeat was taken.
     *
     * @return whether it was; false where nothing is registered
     */
    public boolean isRegistered() {
        return registrar.isAlive();
    }

    /**
     * The name of this process at the registry.
     *
     * @return the session
     */
    public String session() {
        return session;
    }

    long nanos() {
        return settings.time().nanos();
    }

    Hooks hooks() {
        return settings.hooks();
    }

    Registrar registrar() {
        return registrar;
    }

    Optional<Duration> age() {
        return Optional.ofNullable(copy.age(watcher.isOpen()));
    }

    String reason() {
        return watcher.reason();
    }

    void counted(String service, boolean error, long latency) {
        calls.count(service, error, latency);
    }

    void deliver(ConfigItem item, Optional<ConfigItem.Value> value, List<ConfigItem.Callback> to) {
        callbacks.deliver(item, value, to);
    }

    void remove(Entry entry) {
        if (closed) {
            // It ends, or has ended, with the session.
            return;
        }
        try {
            registrar.remove(entry, settings.drainDelay());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Drains what was registered, waits for the drain delay, ends the session, and leaves no thread behind. Takes at most the
     * close time-out. What is closed stays so; closing again does nothing.
     */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        removeShutdownHook();
        long deadline = nanos() + settings.closeTimeout().toNanos() - TimeUnit.MILLISECONDS.toNanos(JOIN_MILLIS);
        boolean interrupted = false;
        interrupted |= interrupted(() -> registrar.close(settings.drainDelay(), deadline));
        interrupted |= interrupted(() -> heartbeats.close(JOIN_MILLIS));
        interrupted |= interrupted(() -> watcher.close(JOIN_MILLIS));
        interrupted |= interrupted(() -> keeper.close(JOIN_MILLIS));
        interrupted |= interrupted(() -> callbacks.close(JOIN_MILLIS));
        endHttp();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One part of closing. */
    private interface Ending {
        void end() throws InterruptedException;
    }

    /** Whether the thread was interrupted meanwhile: the parts after it are to be ended all the same. */
    private static boolean interrupted(Ending ending) {
        try {
            ending.end();
            return false;
        } catch (InterruptedException stopping) {
            return true;
        }
    }

    private synchronized void endHttp() {
        if (http != null) {
            http.end();
        }
        transport.end();
        io.shutdownNow();
    }

    private void removeShutdownHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException stopping) {
            // It is the hook that closes.
        }
    }
}

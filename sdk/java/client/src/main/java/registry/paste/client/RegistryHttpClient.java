package registry.paste.client;

import java.io.IOException;
import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import registry.paste.client.wire.HttpClients;
import registry.paste.client.wire.Workers;

/**
 * A client of HTTP whose hosts are names of services: {@code http://orders/path} goes to an instance of {@code orders}, which
 * the policy chooses, and is sent again as the policy says. The outcome steers later choices.
 *
 * <p>A request's own time-out, or else the policy's, limits all tries together; with {@link #send} and {@link #sendAsync} it
 * covers the body, too. Every method is sent again when no connection could be opened; only {@code GET}, {@code HEAD},
 * {@code OPTIONS}, {@code PUT}, {@code DELETE} and {@code TRACE} after that, or what has the header {@code Idempotency-Key}. A
 * body whose length isn't known is sent once. What comes back after the last try is that try's answer or error. Headers of
 * tracing, like all others, are passed on.
 */
public final class RegistryHttpClient extends HttpClient {
    private static final int THREADS = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());
    private static final int CONNECT_TIMEOUTS_MAX = 8;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

    private final Registry registry;
    private final LongSupplier random;
    private final ThreadPoolExecutor threads = Workers.pool("paste-registry-http", THREADS, Integer.MAX_VALUE);
    private final ScheduledThreadPoolExecutor timer = Workers.timer("paste-registry-http-timer");
    /** One for each connect time-out that policies have, because it is a setting of the client. */
    private final Map<Duration, HttpClient> clients = new ConcurrentHashMap<>();

    RegistryHttpClient(Registry registry, LongSupplier random) {
        this.registry = registry;
        this.random = random;
    }

    HttpClient client(Duration connectTimeout) {
        HttpClient known = clients.get(connectTimeout);
        if (known != null) {
            return known;
        }
        if (timer.isShutdown()) {
            throw new IllegalStateException("the client is closed");
        }
        Duration timeout = clients.size() < CONNECT_TIMEOUTS_MAX ? connectTimeout : CONNECT_TIMEOUT;
        return clients.computeIfAbsent(timeout, connect -> HttpClient.newBuilder()
                .version(Version.HTTP_1_1)
                .connectTimeout(connect)
                .executor(this::execute)
                .build());
    }

    /** Sending begins on the caller's own thread; what comes back has to leave the JDK's selector thread. */
    private void execute(Runnable work) {
        if (Thread.currentThread().getName().startsWith("HttpClient-")) {
            threads.execute(work);
        } else {
            work.run();
        }
    }

    Registry registry() {
        return registry;
    }

    ScheduledThreadPoolExecutor timer() {
        return timer;
    }

    LongSupplier random() {
        return random;
    }

    void end() {
        timer.shutdownNow();
        clients.values().forEach(HttpClients::end);
        clients.clear();
        threads.shutdownNow();
    }

    @Override
    public <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
            throws IOException, InterruptedException {
        try {
            return new ServiceCall<>(this, request, handler).await();
        } catch (ExecutionException failure) {
            throw asIo(failure.getCause());
        } catch (CancellationException cancelled) {
            throw new IOException("the call was cancelled", cancelled);
        }
    }

    private static IOException asIo(Throwable cause) {
        if (cause instanceof RegistryException || cause instanceof IllegalArgumentException) {
            return new IOException(cause.getMessage(), cause);
        }
        return cause instanceof IOException known ? known : new IOException("the call failed", cause);
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, HttpResponse.BodyHandler<T> handler) {
        return new ServiceCall<>(this, request, handler).start();
    }

    @Override
    public <T> CompletableFuture<HttpResponse<T>> sendAsync(
            HttpRequest request, HttpResponse.BodyHandler<T> handler, HttpResponse.PushPromiseHandler<T> pushes) {
        return sendAsync(request, handler);
    }

    @Override
    public Optional<CookieHandler> cookieHandler() {
        return Optional.empty();
    }

    @Override
    public Optional<Duration> connectTimeout() {
        return Optional.of(CONNECT_TIMEOUT);
    }

    @Override
    public Redirect followRedirects() {
        return Redirect.NEVER;
    }

    @Override
    public Optional<ProxySelector> proxy() {
        return Optional.empty();
    }

    @Override
    public SSLContext sslContext() {
        return client(CONNECT_TIMEOUT).sslContext();
    }

    @Override
    public SSLParameters sslParameters() {
        return client(CONNECT_TIMEOUT).sslParameters();
    }

    @Override
    public Optional<Authenticator> authenticator() {
        return Optional.empty();
    }

    @Override
    public Version version() {
        return Version.HTTP_1_1;
    }

    @Override
    public Optional<Executor> executor() {
        return Optional.of(threads);
    }
}

package registry.paste.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import registry.paste.client.model.Outcome;
import registry.paste.client.model.Policy;
import registry.paste.client.traffic.RetryBudget;

/** One call through {@link RegistryHttpClient}, with all its tries. */
final class ServiceCall<T> {
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE");

    private final RegistryHttpClient http;
    private final Registry registry;
    private final HttpRequest request;
    private final HttpResponse.BodyHandler<T> handler;
    private final CompletableFuture<HttpResponse<T>> result = new CompletableFuture<>();
    private final Set<String> tried = new HashSet<>();
    private final Service service;

    private Policy policy;
    private Duration timeout;
    private long deadline;
    private int retries;
    private volatile CompletableFuture<?> attempt;
    private ScheduledFuture<?> end;

    ServiceCall(RegistryHttpClient http, HttpRequest request, HttpResponse.BodyHandler<T> handler) {
        this.http = http;
        this.registry = http.registry();
        this.request = request;
        this.handler = handler;
        this.service = registry.service(serviceName(request.uri()));
    }

    /** Names of services may have characters that host names haven't; a port is not part of it. */
    private static String serviceName(URI uri) {
        String authority = uri.getRawAuthority();
        if (authority == null) {
            throw new IllegalArgumentException(uri + " names no service");
        }
        return authority.substring(authority.indexOf('@') + 1).replaceAll(":[0-9]+$", "");
    }

    /** Sends it; ends it by itself when its time is up. */
    CompletableFuture<HttpResponse<T>> start() {
        start(true);
        return result;
    }

    /** Sends it and waits. A thread that waits needs no timer, whose thread would have to be woken for each call. */
    HttpResponse<T> await() throws InterruptedException, ExecutionException {
        start(false);
        try {
            return result.get(Math.max(0, deadline - registry.nanos()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            throw new ExecutionException(late());
        } finally {
            result.cancel(true);
        }
    }

    private HttpTimeoutException late() {
        return new HttpTimeoutException("no answer within " + timeout.toMillis() + " ms");
    }

    private void start(boolean timed) {
        try {
            policy = service.policy();
            timeout = request.timeout().orElse(policy.timeouts().request());
            deadline = registry.nanos() + timeout.toNanos();
            if (timed) {
                end = http.timer().schedule(() -> fail(late()), timeout.toNanos(), TimeUnit.NANOSECONDS);
            }
            result.whenComplete((response, failure) -> ended());
            service.retryBudget().deposit(registry.nanos());
            attempt(this::fail);
        } catch (RegistryException | IllegalArgumentException | IllegalStateException | RejectedExecutionException no) {
            fail(no);
        }
    }

    private void ended() {
        if (end != null) {
            end.cancel(false);
        }
        CompletableFuture<?> running = attempt;
        if (running != null) {
            // Nothing to do for one that is complete.
            running.cancel(true);
        }
    }

    private void fail(Throwable failure) {
        result.completeExceptionally(failure);
    }

    /** One try; {@code none} is told where no instance can be chosen. */
    private void attempt(Consumer<RegistryException> none) {
        if (result.isDone()) {
            return;
        }
        Pick pick;
        try {
            pick = service.choose(PickRequest.any().headers(headers()).excluding(tried));
        } catch (RegistryException refused) {
            none.accept(refused);
            return;
        }
        tried.add(pick.instance().id());
        long left = Math.max(1, deadline - registry.nanos());
        Duration perTry = policy.timeouts().perTry();
        Duration limit = perTry == null || perTry.toNanos() >= left ? Duration.ofNanos(left) : perTry;
        HttpRequest sent = HttpRequest.newBuilder(request, (name, value) -> true)
                .uri(target(pick))
                .timeout(limit)
                .build();
        CompletableFuture<HttpResponse<T>> running =
                http.client(policy.timeouts().connect()).sendAsync(sent, handler);
        attempt = running;
        running.whenComplete((response, failure) -> answered(pick, response, failure));
        if (result.isDone()) {
            running.cancel(true);
        }
    }

    private Map<String, String> headers() {
        if (policy.rules().isEmpty() && policy.balancer().hashHeader() == null) {
            return Map.of();
        }
        Map<String, String> headers = new HashMap<>();
        request.headers().map().forEach((name, values) -> headers.put(name, values.get(0)));
        return headers;
    }

    private URI target(Pick pick) {
        URI uri = request.uri();
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
        return pick.uri(uri.getScheme(), path + query);
    }

    private void answered(Pick pick, HttpResponse<T> response, Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        Outcome outcome = outcome(response);
        if (failure != null && result.isDone() && !result.isCompletedExceptionally()) {
            outcome = Outcome.SUCCESS;
        }
        pick.done(outcome);
        if (registry.hooks().on()) {
            registry.hooks()
                    .emit(
                            "called",
                            Map.of(
                                    "service",
                                    service.name(),
                                    "id",
                                    pick.instance().id(),
                                    "outcome",
                                    outcome.name()));
        }
        boolean again = cause == null ? policy.retries().statuses().contains(response.statusCode()) : canFail(cause);
        if (again && mayRetry(cause)) {
            retry(response, cause);
        } else {
            finish(response, cause);
        }
    }

    private void finish(HttpResponse<T> response, Throwable cause) {
        if (cause == null) {
            result.complete(response);
        } else {
            fail(cause);
        }
    }

    private static Outcome outcome(HttpResponse<?> response) {
        if (response == null || response.statusCode() >= 500) {
            return Outcome.FAILURE;
        }
        return response.statusCode() == 429 ? Outcome.OVERLOADED : Outcome.SUCCESS;
    }

    private static boolean canFail(Throwable cause) {
        return cause instanceof IOException;
    }

    private boolean mayRetry(Throwable cause) {
        boolean connected = !(cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException);
        boolean idempotent = IDEMPOTENT.contains(request.method())
                || request.headers().firstValue("idempotency-key").isPresent();
        boolean repeatable =
                request.bodyPublisher().map(body -> body.contentLength() >= 0).orElse(true);
        return retries < policy.retries().max()
                && (!connected || idempotent)
                && repeatable
                && !result.isDone()
                && service.retryBudget().withdraw(registry.nanos());
    }

    /** Waits, then tries elsewhere; what came back is the answer if there is no time, or nobody, left. */
    private void retry(HttpResponse<T> response, Throwable cause) {
        long wait = RetryBudget.backoff(policy.retries(), retries++, http.random());
        if (registry.nanos() + wait >= deadline) {
            finish(response, cause);
            return;
        }
        try {
            http.timer().schedule(() -> attempt(none -> finish(response, cause)), wait, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException closed) {
            finish(response, cause);
        }
    }
}

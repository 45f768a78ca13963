package registry.paste.client.wire;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import registry.paste.client.json.JsonWriter;

/**
 * Sends requests to the registry's current node, each within its time, and tells {@link Addresses} how it went. Thread-safe.
 */
public final class Transport {
    /** What the SDK calls itself. */
    public static final String USER_AGENT = "paste-registry-java/0.1.0";

    private static final int ANSWER_BYTES_MAX = 8 * 1024 * 1024;
    private static final String PREFIX = "/api/v1/";

    /** Null after the end, so that it can be collected. */
    private volatile HttpClient http;

    private final Addresses addresses;
    private final Time time;
    private final String namespace;
    private final String token;

    public Transport(HttpClient http, Addresses addresses, Time time, String namespace, String token) {
        this.http = http;
        this.addresses = addresses;
        this.time = time;
        this.namespace = namespace;
        this.token = token;
    }

    /** Ends it: what is under way fails, and so does what comes after. */
    public void end() {
        HttpClient ended = http;
        http = null;
        if (ended != null) {
            HttpClients.end(ended);
        }
    }

    private HttpClient http() throws IOException {
        HttpClient current = http;
        if (current == null) {
            throw new IOException("the client is closed");
        }
        return current;
    }

    public Addresses addresses() {
        return addresses;
    }

    /**
     * Asks and waits.
     *
     * @param method the HTTP method
     * @param path what follows {@code /api/v1/}, escaped, with a query if need be
     * @param body what {@link JsonWriter} takes, or null for none
     * @param timeout for all of it, the body of the answer included
     * @return whatever was answered
     * @throws IOException if nothing was, in time
     */
    public Answer call(String method, String path, Object body, Duration timeout)
            throws IOException, InterruptedException {
        Addresses.Node node = addresses.current();
        HttpRequest.Builder request = request(node, path).timeout(timeout);
        if (body == null) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            String type = method.equals("PATCH") ? "application/merge-patch+json" : "application/json";
            request.header("Content-Type", type)
                    .method(method, HttpRequest.BodyPublishers.ofString(JsonWriter.write(body)));
        }
        try {
            HttpResponse<byte[]> response =
                    await(http().sendAsync(request.build(), info -> new BoundedBody(ANSWER_BYTES_MAX)), timeout);
            Answer answer = new Answer(response.statusCode(), response.headers(), response.body());
            answered(node, response, answer.failed());
            return answer;
        } catch (IOException failure) {
            addresses.failed(node);
            throw failure;
        }
    }

    /** An open stream of events, and the node that it comes from. */
    public record EventStream(Addresses.Node node, InputStream bytes) {}

    /** Opens the stream of a watch request; a {@link RefusedException} if something else is answered. */
    public EventStream watch(Map<String, Object> body, String lastEventId, Duration timeout)
            throws IOException, InterruptedException {
        Addresses.Node node = addresses.current();
        HttpRequest.Builder request = request(node, "watch")
                .timeout(timeout)
                .header("Accept", "text/event-stream")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(JsonWriter.write(body)));
        if (lastEventId != null) {
            request.header("Last-Event-ID", lastEventId);
        }
        try {
            HttpResponse<InputStream> response =
                    await(http().sendAsync(request.build(), HttpResponse.BodyHandlers.ofInputStream()), timeout);
            boolean stream = response.statusCode() == 200
                    && response.headers().firstValue("content-type").orElse("").startsWith("text/event-stream");
            if (!stream) {
                response.body().close();
                boolean unregistered = response.statusCode() == 404;
                answered(node, response, !unregistered);
                throw new RefusedException(response.statusCode(), Answer.retryAfterNanos(response.headers()));
            }
            answered(node, response, false);
            return new EventStream(node, response.body());
        } catch (RefusedException refused) {
            throw refused;
        } catch (IOException failure) {
            addresses.failed(node);
            throw failure;
        }
    }

    /** The stream was answered with something else. */
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1;
        private final int status;
        private final long retryAfterNanos;

        RefusedException(int status, long retryAfterNanos) {
            super("the registry answered the stream with status " + status);
            this.status = status;
            this.retryAfterNanos = retryAfterNanos;
        }

        public int status() {
            return status;
        }

        public long retryAfterNanos() {
            return retryAfterNanos;
        }
    }

    private void answered(Addresses.Node node, HttpResponse<?> response, boolean failed) {
        boolean isolated = response.headers().firstValue("x-registry-isolated").isPresent();
        addresses.answered(node, isolated, time.nanos());
        if (failed) {
            addresses.failed(node);
        }
    }

    private HttpRequest.Builder request(Addresses.Node node, String path) {
        String separator = path.indexOf('?') < 0 ? "?" : "&";
        String query = namespace.equals("default") ? "" : separator + "namespace=" + escape(namespace);
        String base = node.uri().toString().replaceAll("/+$", "");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + PREFIX + path + query))
                .header("Prefer", "handling=lenient")
                .header("User-Agent", USER_AGENT);
        return token == null ? request : request.header("Authorization", "Bearer " + token);
    }

    /** One part of a path, escaped. */
    public static String escape(String part) {
        return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The time-out of a request ends with its headers; this one doesn't. */
    private static <T> HttpResponse<T> await(CompletableFuture<HttpResponse<T>> response, Duration timeout)
            throws IOException, InterruptedException {
        try {
            return response.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            throw new HttpTimeoutException("no answer within " + timeout.toMillis() + " ms");
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause();
            throw cause instanceof IOException known
                    ? new IOException(Failures.words(known), known)
                    : new IOException("the request failed", cause);
        } finally {
            response.cancel(true);
        }
    }
}

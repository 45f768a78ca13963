package registry.paste.client.wire;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
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
import java.util.function.Predicate;
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
        return call(method, path, body, timeout, answer -> true);
    }

    /** As the other one does; an answer of 2xx that isn't as {@code documented} is a failure. */
    public Answer call(String method, String path, Object body, Duration timeout, Predicate<Answer> documented)
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
            if (answer.ok() && !documented.test(answer)) {
                throw new IOException("what answered " + method + " with status " + answer.status()
                        + " is not the registry; look for a proxy between");
            }
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
                    await(http().sendAsync(request.build(), Transport::streamOrProblem), timeout);
            if (!isStream(response.statusCode(), response.headers())) {
                byte[] problem = response.body().readAllBytes();
                Answer answer = new Answer(response.statusCode(), response.headers(), problem);
                answered(node, response, !answer.notRegistered());
                throw new RefusedException(answer);
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

    private static boolean isStream(int status, HttpHeaders headers) {
        return status == 200 && headers.firstValue("content-type").orElse("").startsWith("text/event-stream");
    }

    /** A stream is read as it comes; anything else is there, within its bounds, before it is looked at. */
    private static HttpResponse.BodySubscriber<InputStream> streamOrProblem(HttpResponse.ResponseInfo info) {
        return isStream(info.statusCode(), info.headers())
                ? HttpResponse.BodySubscribers.ofInputStream()
                : HttpResponse.BodySubscribers.mapping(new BoundedBody(ANSWER_BYTES_MAX), ByteArrayInputStream::new);
    }

    /** The stream was answered with something else. */
    public static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1;
        private final boolean notRegistered;
        private final long retryAfterNanos;

        RefusedException(Answer answer) {
            super("the registry answered the stream with status " + answer.status() + ": " + answer.detail());
            this.notRegistered = answer.notRegistered();
            this.retryAfterNanos = answer.retryAfterNanos();
        }

        /** Whether the registry says that it doesn't know the session. */
        public boolean notRegistered() {
            return notRegistered;
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

package registry.paste.client.wire;

import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;

/**
 * What the registry answered.
 *
 * @param status the HTTP status
 * @param headers the headers
 * @param body the body
 */
public record Answer(int status, HttpHeaders headers, byte[] body) {
    private static final Duration RETRY_AFTER_MAX = Duration.ofSeconds(60);

    /** Whether it did what was asked. */
    public boolean ok() {
        return status >= 200 && status < 300;
    }

    /** Whether asking again, perhaps elsewhere, may help. */
    public boolean failed() {
        return status < 200 || (status >= 300 && status < 400) || status == 408 || status == 429 || status >= 500;
    }

    /** The stable word of a problem; empty where there is none. */
    public String code() {
        return problem("code");
    }

    /** What was wrong, and what to do; the status where the registry doesn't say. */
    public String detail() {
        String detail = problem("detail");
        return detail.isEmpty() ? "status " + status : detail;
    }

    /** The least to wait before asking again, in nanoseconds; 0 where nothing, or nonsense, is said. */
    public long retryAfterNanos() {
        return retryAfterNanos(headers);
    }

    static long retryAfterNanos(HttpHeaders headers) {
        try {
            Duration wait = Duration.ofSeconds(
                    headers.firstValue("retry-after").map(Long::parseLong).orElse(0L));
            return wait.isNegative() || wait.compareTo(RETRY_AFTER_MAX) > 0 ? 0 : wait.toNanos();
        } catch (NumberFormatException notSeconds) {
            return 0;
        }
    }

    private String problem(String field) {
        try {
            return JsonObject.read(new String(body, StandardCharsets.UTF_8)).string(field, "");
        } catch (JsonException noProblem) {
            return "";
        }
    }
}

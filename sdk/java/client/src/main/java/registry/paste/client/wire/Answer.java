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

    /** Whether asking again, perhaps elsewhere, may help. A refusal without a code isn't the registry's word. */
    public boolean failed() {
        return status < 200
                || (status >= 300 && status < 400)
                || status == 408
                || status == 429
                || status >= 500
                || (!ok() && code().isEmpty());
    }

    /** Whether the registry says that it doesn't know who asks. */
    public boolean notRegistered() {
        return status == 404 && code().equals("not-registered");
    }

    /** Whether the body is a JSON object that has this {@code id}. */
    public boolean names(String id) {
        return field("id").equals(id);
    }

    /** Whether the body is a JSON object, or there is none. */
    public boolean emptyOrJson() {
        if (body.length == 0) {
            return true;
        }
        try {
            JsonObject.read(new String(body, StandardCharsets.UTF_8));
            return true;
        } catch (JsonException garbage) {
            return false;
        }
    }

    /** The stable word of a problem; empty where there is none. */
    public String code() {
        return field("code");
    }

    /** What was wrong, and what to do; the status where the registry doesn't say. */
    public String detail() {
        String detail = field("detail");
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

    private String field(String name) {
        try {
            return JsonObject.read(new String(body, StandardCharsets.UTF_8)).string(name, "");
        } catch (JsonException notThere) {
            return "";
        }
    }
}

package registry.paste.client.wire;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import registry.paste.client.json.JsonException;

/** Lengths of time as the registry writes them: {@code 250ms}, {@code 30s}, {@code 1m 30s}. */
public final class Durations {
    private static final Pattern PART = Pattern.compile("\\G([0-9]{1,12})(ms|s|m|h|d) ?");

    private Durations() {}

    /** Reads {@code text}; a {@link JsonException} if it is no length of time. */
    public static Duration parse(String text) {
        Matcher matcher = PART.matcher(text);
        long milliseconds = 0;
        int end = 0;
        while (matcher.find()) {
            long unit =
                    switch (matcher.group(2)) {
                        case "ms" -> 1;
                        case "s" -> 1_000;
                        case "m" -> 60_000;
                        case "h" -> 3_600_000;
                        default -> 86_400_000;
                    };
            milliseconds = Math.addExact(milliseconds, Math.multiplyExact(Long.parseLong(matcher.group(1)), unit));
            end = matcher.end();
        }
        if (end == 0 || end != text.length()) {
            throw new JsonException("\"" + text + "\" is not a length of time such as 250ms or 30s");
        }
        return Duration.ofMillis(milliseconds);
    }
}

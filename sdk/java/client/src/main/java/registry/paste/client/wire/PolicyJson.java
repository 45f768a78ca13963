package registry.paste.client.wire;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;
import registry.paste.client.model.Policy;
import registry.paste.client.model.Policy.Balancer;

/** Policies as JSON: everything may be left out, and {@link Policy#DEFAULT} stands in. */
public final class PolicyJson {
    private PolicyJson() {}

    /** Reads a policy; a {@link JsonException} if a field has another type. */
    public static Policy read(JsonObject json) {
        return new Policy(
                json.string("description", ""),
                balancer(json.object("balancer")),
                json.objects("subsets").stream().map(PolicyJson::subset).toList(),
                json.objects("rules").stream().map(PolicyJson::rule).toList(),
                locality(json.object("locality")),
                outlierDetection(json.object("outlier_detection")),
                retries(json.object("retries")),
                timeouts(json.object("timeouts")),
                slowStart(json.object("slow_start")));
    }

    private static Balancer balancer(JsonObject json) {
        Balancer otherwise = Policy.DEFAULT.balancer();
        return new Balancer(
                kind(json.string("kind", "peak_ewma")),
                duration(json, "decay", otherwise.decay()),
                json.string("hash_header", null),
                number(json, "ring_size", otherwise.ringSize()));
    }

    private static Balancer.Kind kind(String word) {
        return switch (word) {
            case "weighted_random" -> Balancer.Kind.WEIGHTED_RANDOM;
                // What only Rust has is answered by its nearest relative.
            case "smooth_wrr", "static_stride" -> Balancer.Kind.SMOOTH_WRR;
            case "least_request" -> Balancer.Kind.LEAST_REQUEST;
            case "ring_hash" -> Balancer.Kind.RING_HASH;
            case "rendezvous", "maglev" -> Balancer.Kind.RENDEZVOUS;
                // A balancer of a later version must not keep this one from calling anybody.
            default -> Balancer.Kind.PEAK_EWMA;
        };
    }

    private static Policy.Subset subset(JsonObject json) {
        return new Policy.Subset(
                json.string("name"),
                json.string("version", null),
                json.strings("tags"),
                json.stringMap("metadata"),
                number(json, "weight", 0));
    }

    private static Policy.Rule rule(JsonObject json) {
        JsonObject users = json.object("users");
        return new Policy.Rule(
                json.stringMap("headers"),
                users.fields().isEmpty() ? null : new Policy.Users(users.string("header"), users.decimal("percent", 0)),
                json.strings("zones"),
                json.strings("regions"),
                json.string("subset"));
    }

    private static Policy.Locality locality(JsonObject json) {
        Policy.Locality otherwise = Policy.DEFAULT.locality();
        return new Policy.Locality(
                json.strings("failover_regions"),
                number(json, "overprovision", otherwise.overprovision()),
                switchable(json, "panic_threshold", otherwise.panicThreshold()));
    }

    private static Policy.OutlierDetection outlierDetection(JsonObject json) {
        Policy.OutlierDetection otherwise = Policy.DEFAULT.outlierDetection();
        return new Policy.OutlierDetection(
                switchable(json, "consecutive_failures", otherwise.consecutiveFailures()),
                switchable(json, "failure_percentage", otherwise.failurePercentage()),
                number(json, "failure_percentage_requests", otherwise.failurePercentageRequests()),
                number(json, "failure_percentage_hosts", otherwise.failurePercentageHosts()),
                duration(json, "interval", otherwise.interval()),
                duration(json, "base_ejection", otherwise.baseEjection()),
                duration(json, "max_ejection", otherwise.maxEjection()),
                switchable(json, "max_ejected", otherwise.maxEjected()));
    }

    private static Policy.Retries retries(JsonObject json) {
        Policy.Retries otherwise = Policy.DEFAULT.retries();
        return new Policy.Retries(
                switchable(json, "max", otherwise.max()),
                json.has("statuses") ? statuses(json) : otherwise.statuses(),
                number(json, "budget", otherwise.budget()),
                number(json, "min_per_second", otherwise.minPerSecond()),
                duration(json, "backoff_base", otherwise.backoffBase()),
                duration(json, "backoff_max", otherwise.backoffMax()));
    }

    private static List<Integer> statuses(JsonObject json) {
        List<Integer> statuses = new ArrayList<>();
        if (!(json.fields().get("statuses") instanceof List<?> items)) {
            return statuses;
        }
        for (Object item : items) {
            if (!(item instanceof Long status)) {
                throw new JsonException("statuses has something that is not a number");
            }
            statuses.add(status.intValue());
        }
        return List.copyOf(statuses);
    }

    private static Policy.Timeouts timeouts(JsonObject json) {
        Policy.Timeouts otherwise = Policy.DEFAULT.timeouts();
        return new Policy.Timeouts(
                duration(json, "connect", otherwise.connect()),
                duration(json, "per_try", null),
                duration(json, "request", otherwise.request()));
    }

    private static Policy.SlowStart slowStart(JsonObject json) {
        Policy.SlowStart otherwise = Policy.DEFAULT.slowStart();
        Duration window = duration(json, "window", null);
        return new Policy.SlowStart(
                window == null || window.isZero() ? null : window,
                json.decimal("aggression", otherwise.aggression()),
                number(json, "min_weight", otherwise.minWeight()));
    }

    private static int number(JsonObject json, String name, int otherwise) {
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, json.number(name, otherwise)));
    }

    /** A number that null switches off, like 0. */
    private static int switchable(JsonObject json, String name, int otherwise) {
        return number(json, name, json.has(name) ? 0 : otherwise);
    }

    private static Duration duration(JsonObject json, String name, Duration otherwise) {
        Object value = json.fields().get(name);
        if (value instanceof Long zero && zero == 0) {
            return Duration.ZERO;
        }
        String text = json.string(name, null);
        return text == null ? otherwise : Durations.parse(text);
    }
}

package registry.paste.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import registry.paste.client.json.JsonWriter;

/**
 * Measures the client and prints a JSON object a line: picks per second beside a bare random choice from a list, memory of
 * 10,000 instances, the time from a change at the registry to the copy, and what the HTTP wrapper costs. Needs a registry at
 * PASTE_REGISTRY_URL.
 */
public final class Bench {
    private Bench() {}

    /** Runs all measurements, or those that are named. */
    public static void main(String[] arguments) throws Exception {
        for (String name : arguments.length > 0 ? arguments : new String[] {"picks", "memory", "changes", "http"}) {
            switch (name) {
                case "picks" -> PickBench.run();
                case "memory" -> MemoryBench.run();
                case "changes" -> ChangeBench.run();
                case "http" -> HttpBench.run();
                default -> throw new IllegalArgumentException("there is no measurement " + name);
            }
        }
    }

    /** Prints a line: the name of what was measured, then pairs of name and value. */
    static void print(String measured, Object... pairs) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("language", "java");
        line.put("measured", measured);
        for (int index = 0; index < pairs.length; index += 2) {
            line.put((String) pairs[index], pairs[index + 1]);
        }
        System.out.println(JsonWriter.write(line));
    }
}

package registry.paste.client.json;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * An object that was read, with its fields by type. A field that is absent and one that is null are the same; one of
 * another type than asked for is a {@link JsonException}; those that nobody asks for are passed over.
 *
 * @param fields the fields by name
 */
public record JsonObject(Map<String, Object> fields) {

    /**
     * Reads a text that has to be an object.
     *
     * @param text the text
     * @return the object
     */
    public static JsonObject read(String text) {
        return of(JsonReader.read(text), "the text");
    }

    /**
     * Takes a value for an object.
     *
     * @param value what {@link JsonReader} made
     * @param what how messages call it
     * @return the object
     */
    @SuppressWarnings("unchecked")
    public static JsonObject of(Object value, String what) {
        if (value instanceof Map<?, ?> map) {
            return new JsonObject((Map<String, Object>) map);
        }
        throw new JsonException(what + " is not an object");
    }

    /**
     * Whether there is a value, be it null.
     *
     * @param name the field
     * @return whether the key is there
     */
    public boolean has(String name) {
        return fields.containsKey(name);
    }

    /**
     * A string that may be absent.
     *
     * @param name the field
     * @param fallback what is given instead
     * @return its value
     */
    public String string(String name, String fallback) {
        return typed(name, String.class, fallback);
    }

    /**
     * A string that has to be there.
     *
     * @param name the field
     * @return its value
     */
    public String string(String name) {
        return required(name, string(name, null));
    }

    /**
     * A whole number that may be absent.
     *
     * @param name the field
     * @param fallback what is given instead
     * @return its value
     */
    public long number(String name, long fallback) {
        return typed(name, Long.class, fallback);
    }

    /**
     * A whole number that has to be there.
     *
     * @param name the field
     * @return its value
     */
    public long number(String name) {
        return required(name, typed(name, Long.class, null));
    }

    /**
     * Any number that may be absent.
     *
     * @param name the field
     * @param fallback what is given instead
     * @return its value
     */
    public double decimal(String name, double fallback) {
        return typed(name, Number.class, fallback).doubleValue();
    }

    /**
     * A boolean that may be absent.
     *
     * @param name the field
     * @param fallback what is given instead
     * @return its value
     */
    public boolean bool(String name, boolean fallback) {
        return typed(name, Boolean.class, fallback);
    }

    /**
     * An object; empty where it is absent.
     *
     * @param name the field
     * @return its value
     */
    public JsonObject object(String name) {
        Object value = fields.get(name);
        return value == null ? new JsonObject(Map.of()) : of(value, name);
    }

    /**
     * A list of objects; empty where it is absent.
     *
     * @param name the field
     * @return its value
     */
    public List<JsonObject> objects(String name) {
        List<JsonObject> objects = new ArrayList<>();
        for (Object item : typed(name, List.class, List.of())) {
            objects.add(of(item, name));
        }
        return objects;
    }

    /**
     * A list of strings; empty where it is absent.
     *
     * @param name the field
     * @return its value, unmodifiable
     */
    public List<String> strings(String name) {
        List<String> strings = new ArrayList<>();
        for (Object item : typed(name, List.class, List.of())) {
            strings.add(as(name, item, String.class));
        }
        return List.copyOf(strings);
    }

    /**
     * An object whose values are strings; empty where it is absent.
     *
     * @param name the field
     * @return its value, unmodifiable, in the order of the text
     */
    public Map<String, String> stringMap(String name) {
        Map<String, String> map = new LinkedHashMap<>();
        object(name).fields().forEach((key, value) -> map.put(key, as(name, value, String.class)));
        return map.isEmpty() ? Map.of() : Collections.unmodifiableMap(map);
    }

    private <T> T typed(String name, Class<T> type, T fallback) {
        Object value = fields.get(name);
        return value == null ? fallback : as(name, value, type);
    }

    private static <T> T as(String name, Object value, Class<T> type) {
        if (!type.isInstance(value)) {
            throw new JsonException(name + " is not a " + type.getSimpleName().toLowerCase(Locale.ROOT));
        }
        return type.cast(value);
    }

    private static <T> T required(String name, T value) {
        if (value == null) {
            throw new JsonException(name + " is missing");
        }
        return value;
    }
}

package registry.paste.client.json;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a text into maps, lists, strings, {@link Long}s, {@link Double}s, {@link Boolean}s and nulls. Whole numbers that
 * don't fit a long become doubles; a key that comes twice keeps its last value.
 */
public final class JsonReader {
    private static final int DEPTH_MAX = 64;
    /** Keys and short values repeat a thousandfold in a list of instances; each is kept once. */
    private static final int SHARED_LENGTH_MAX = 64;

    private static final int SHARED_COUNT_MAX = 4096;

    private final String text;
    private final Map<String, String> shared = new HashMap<>();
    private int position;
    private int depth;

    private JsonReader(String text) {
        this.text = text;
    }

    /**
     * Reads a whole text.
     *
     * @param text one JSON value, with white space around it at most
     * @return the value
     * @throws JsonException if it isn't that, or nested deeper than 64
     */
    public static Object read(String text) {
        JsonReader reader = new JsonReader(text);
        Object value = reader.value();
        reader.space();
        if (reader.position < text.length()) {
            throw reader.unexpected("the end");
        }
        return value;
    }

    private Object value() {
        space();
        if (position >= text.length()) {
            throw unexpected("a value");
        }
        return switch (text.charAt(position)) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> word("true", Boolean.TRUE);
            case 'f' -> word("false", Boolean.FALSE);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object() {
        enter();
        Map<String, Object> map = new LinkedHashMap<>();
        if (!take('}')) {
            do {
                space();
                if (position >= text.length() || text.charAt(position) != '"') {
                    throw unexpected("a key");
                }
                String key = string();
                expect(':');
                map.put(key, value());
            } while (take(','));
            expect('}');
        }
        depth--;
        return map;
    }

    private List<Object> array() {
        enter();
        List<Object> list = new ArrayList<>();
        if (!take(']')) {
            do {
                list.add(value());
            } while (take(','));
            expect(']');
        }
        depth--;
        return Collections.unmodifiableList(list);
    }

    private void enter() {
        position++;
        if (++depth > DEPTH_MAX) {
            throw new JsonException("nested deeper than " + DEPTH_MAX + " at character " + position);
        }
    }

    private String string() {
        int start = ++position;
        for (int at = start; at < text.length(); at++) {
            char character = text.charAt(at);
            if (character == '"') {
                position = at + 1;
                return share(text.substring(start, at));
            }
            if (character == '\\' || character < ' ') {
                return escaped(start, at);
            }
        }
        position = text.length();
        throw unexpected("the end of a string");
    }

    private String escaped(int start, int from) {
        StringBuilder builder = new StringBuilder().append(text, start, from);
        position = from;
        while (position < text.length()) {
            char character = text.charAt(position++);
            if (character == '"') {
                return share(builder.toString());
            }
            if (character < ' ') {
                position--;
                throw unexpected("no control character in a string");
            }
            builder.append(character == '\\' ? escape() : character);
        }
        throw unexpected("the end of a string");
    }

    private char escape() {
        if (position >= text.length()) {
            throw unexpected("an escape");
        }
        char character = text.charAt(position++);
        return switch (character) {
            case '"', '\\', '/' -> character;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> codeUnit();
            default -> {
                position--;
                throw unexpected("an escape");
            }
        };
    }

    private char codeUnit() {
        int unit = 0;
        for (int end = position + 4; position < end; position++) {
            int digit = position < text.length() ? Character.digit(text.charAt(position), 16) : -1;
            if (digit < 0 || text.charAt(position) > 'f') {
                throw unexpected("four hexadecimal digits");
            }
            unit = unit * 16 + digit;
        }
        return (char) unit;
    }

    private Object number() {
        int start = position;
        boolean whole = true;
        skip('-');
        if (!skip('0')) {
            digits();
        }
        if (skip('.')) {
            whole = false;
            digits();
        }
        if (skip('e') || skip('E')) {
            whole = false;
            if (!skip('+')) {
                skip('-');
            }
            digits();
        }
        String number = text.substring(start, position);
        if (whole) {
            try {
                return Long.valueOf(number);
            } catch (NumberFormatException tooLarge) {
                return Double.valueOf(number);
            }
        }
        return Double.valueOf(number);
    }

    private void digits() {
        int start = position;
        while (position < text.length() && text.charAt(position) >= '0' && text.charAt(position) <= '9') {
            position++;
        }
        if (position == start) {
            throw unexpected("a value");
        }
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, position)) {
            throw unexpected("a value");
        }
        position += word.length();
        return value;
    }

    private void space() {
        while (position < text.length() && " \t\r\n".indexOf(text.charAt(position)) >= 0) {
            position++;
        }
    }

    private boolean skip(char character) {
        boolean there = position < text.length() && text.charAt(position) == character;
        if (there) {
            position++;
        }
        return there;
    }

    private boolean take(char character) {
        space();
        return skip(character);
    }

    private void expect(char character) {
        if (!take(character)) {
            throw unexpected("'" + character + "'");
        }
    }

    private String share(String string) {
        if (string.length() > SHARED_LENGTH_MAX || shared.size() >= SHARED_COUNT_MAX) {
            return shared.getOrDefault(string, string);
        }
        String before = shared.putIfAbsent(string, string);
        return before == null ? string : before;
    }

    private JsonException unexpected(String expected) {
        String found = position < text.length() ? "'" + text.charAt(position) + "'" : "the end";
        return new JsonException("expected " + expected + " at character " + position + ", found " + found);
    }
}

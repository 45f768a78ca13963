package registry.paste.client.traffic;

import java.util.ArrayList;
import java.util.List;
import registry.paste.client.traffic.InvalidVersionRangeException.Kind;

/** Reads the text of a version range: one method per rule of the grammar. */
final class VersionRangeParser {
    private static final String COMPARATOR = "a version such as 1.4, 1.x or *, or an operator (=, >, >=, <, <=, ^, ~)";
    private static final String NUMBER = "a number, x or *";
    private static final String[] OPERATORS = {">=", "<=", ">", "<", "=", "^", "~"};

    private final String text;
    private int position;

    VersionRangeParser(String text) {
        this.text = text;
    }

    List<List<Comparator>> sets() {
        List<List<Comparator>> sets = new ArrayList<>();
        sets.add(set());
        while (take('|')) {
            if (!take('|')) {
                throw expected("||");
            }
            sets.add(set());
        }
        if (position < text.length()) {
            throw expected("a comma, a space, || or the end");
        }
        return sets;
    }

    private List<Comparator> set() {
        List<Comparator> set = new ArrayList<>();
        boolean more = true;
        while (more) {
            spaces();
            set.add(comparator());
            boolean spaced = spaces();
            more = take(',') || (spaced && position < text.length() && text.charAt(position) != '|');
        }
        return set;
    }

    private Comparator comparator() {
        String operator = operator();
        spaces();
        return partial(operator == null ? "=" : operator, operator == null ? COMPARATOR : NUMBER);
    }

    private String operator() {
        for (String operator : OPERATORS) {
            if (text.startsWith(operator, position)) {
                position += operator.length();
                return operator;
            }
        }
        return null;
    }

    private Comparator partial(String operator, String first) {
        Long[] numbers = new Long[3];
        numbers[0] = number(first);
        int written = 1;
        while (written < 3 && take('.')) {
            numbers[written++] = number(NUMBER);
        }
        String prerelease = written == 3 ? suffixes() : "";
        // What follows a wildcard says nothing.
        int given = 0;
        while (given < 3 && numbers[given] != null) {
            given++;
        }
        return new Comparator(
                operator,
                given,
                new Version(
                        given > 0 ? numbers[0] : 0,
                        given > 1 ? numbers[1] : 0,
                        given > 2 ? numbers[2] : 0,
                        given > 2 ? prerelease : ""));
    }

    /** A number; null for a wildcard. */
    private Long number(String expected) {
        if (take('x') || take('*')) {
            return null;
        }
        int start = position;
        while (position < text.length() && text.charAt(position) >= '0' && text.charAt(position) <= '9') {
            position++;
        }
        String digits = text.substring(start, position);
        if (digits.isEmpty()) {
            throw expected(expected);
        }
        if (digits.length() > 1 && digits.startsWith("0")) {
            position = start;
            throw expected("a number without leading zeros");
        }
        try {
            return Long.parseUnsignedLong(digits);
        } catch (NumberFormatException tooLarge) {
            throw new InvalidVersionRangeException(
                    Kind.NUMBER,
                    start,
                    "version range: the number at byte " + start + " is over " + Long.toUnsignedString(-1));
        }
    }

    /** A prerelease, and build metadata, which is checked and dropped. */
    private String suffixes() {
        String prerelease = "";
        if (take('-')) {
            prerelease = suffix("a prerelease such as rc.1, without empty parts or leading zeros", false);
        }
        if (take('+')) {
            suffix("build metadata such as 7f3a, without empty parts", true);
        }
        return prerelease;
    }

    private String suffix(String expected, boolean leadingZeros) {
        int start = position;
        while (position < text.length() && isSuffix(text.charAt(position))) {
            position++;
        }
        String suffix = text.substring(start, position);
        for (String part : suffix.split("\\.", -1)) {
            boolean zeros = part.length() > 1 && part.startsWith("0") && Version.isNumber(part);
            if (part.isEmpty() || (zeros && !leadingZeros)) {
                position = start;
                throw expected(expected);
            }
        }
        return suffix;
    }

    private static boolean isSuffix(char character) {
        return (character >= '0' && character <= '9')
                || (character >= 'a' && character <= 'z')
                || (character >= 'A' && character <= 'Z')
                || character == '-'
                || character == '.';
    }

    private boolean take(char character) {
        boolean there = position < text.length() && text.charAt(position) == character;
        if (there) {
            position++;
        }
        return there;
    }

    private boolean spaces() {
        int start = position;
        while (take(' ')) {
            // Each is one step further.
        }
        return position > start;
    }

    private InvalidVersionRangeException expected(String expected) {
        String found = position < text.length()
                ? "'" + new String(Character.toChars(text.codePointAt(position))) + "'"
                : "the end";
        // All before the first mistake is ASCII, so that characters are bytes here.
        return new InvalidVersionRangeException(
                Kind.SYNTAX,
                position,
                "version range: expected " + expected + " at byte " + position + ", found " + found);
    }
}

package registry.paste.client.traffic;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of semver 2.0, without its build metadata. Numbers are unsigned.
 *
 * @param major the major number
 * @param minor the minor number
 * @param patch the patch number
 * @param prerelease its prerelease; empty for a release
 */
public record Version(long major, long minor, long patch, String prerelease) implements Comparable<Version> {
    private static final String NUMBER = "(0|[1-9][0-9]*)";
    private static final Pattern VERSION = Pattern.compile(
            "[vV]?" + NUMBER + "\\." + NUMBER + "\\." + NUMBER + "(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?");

    /** Reads a version; null if {@code text} is null or isn't one, so that it is in no range. */
    public static Version parse(String text) {
        Matcher matcher = text == null ? null : VERSION.matcher(text);
        if (matcher == null || !matcher.matches()) {
            return null;
        }
        try {
            return new Version(
                    Long.parseUnsignedLong(matcher.group(1)),
                    Long.parseUnsignedLong(matcher.group(2)),
                    Long.parseUnsignedLong(matcher.group(3)),
                    matcher.group(4) == null ? "" : matcher.group(4));
        } catch (NumberFormatException tooLarge) {
            return null;
        }
    }

    @Override
    public int compareTo(Version other) {
        int order = Long.compareUnsigned(major, other.major);
        if (order == 0) {
            order = Long.compareUnsigned(minor, other.minor);
        }
        if (order == 0) {
            order = Long.compareUnsigned(patch, other.patch);
        }
        return order == 0 ? comparePrereleases(prerelease, other.prerelease) : order;
    }

    /** The precedence of semver: a release after its prereleases, those part by part. */
    private static int comparePrereleases(String one, String other) {
        if (one.isEmpty() || other.isEmpty()) {
            return Boolean.compare(one.isEmpty(), other.isEmpty());
        }
        String[] parts = one.split("\\.", -1);
        String[] others = other.split("\\.", -1);
        for (int at = 0; at < Math.min(parts.length, others.length); at++) {
            int order = compareParts(parts[at], others[at]);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(parts.length, others.length);
    }

    private static int compareParts(String one, String other) {
        boolean number = isNumber(one);
        if (number != isNumber(other)) {
            return number ? -1 : 1;
        }
        // Without leading zeros the longer of two numbers is the greater, so that there is no limit to them.
        if (number && one.length() != other.length()) {
            return Integer.compare(one.length(), other.length());
        }
        return one.compareTo(other);
    }

    static boolean isNumber(String part) {
        return part.chars().allMatch(character -> character >= '0' && character <= '9');
    }
}

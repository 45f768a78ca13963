package registry.paste.client.traffic;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import registry.paste.client.traffic.InvalidVersionRangeException.Kind;

/**
 * A set of versions, such as {@code ^1.4}, {@code >=2 <3} or {@code 1.x || 2.x}: the one grammar that the registry and all
 * its SDKs share. Equal when the canonical forms are.
 */
public final class VersionRange {
    private static final int BYTES_MAX = 256;

    private final String canonical;
    private final List<List<Comparator>> sets;

    private VersionRange(List<List<Comparator>> sets) {
        this.sets = sets;
        this.canonical = sets.stream()
                .map(set -> set.stream().map(Comparator::toString).collect(Collectors.joining(", ")))
                .collect(Collectors.joining(" || "));
    }

    /** Reads a range; an {@link InvalidVersionRangeException} if it isn't one. */
    public static VersionRange parse(String text) {
        bounded(text);
        VersionRange range = new VersionRange(new VersionRangeParser(text).sets());
        bounded(range.canonical);
        return range;
    }

    private static void bounded(String text) {
        int length = text.getBytes(StandardCharsets.UTF_8).length;
        if (length > BYTES_MAX) {
            throw new InvalidVersionRangeException(
                    Kind.LENGTH, -1, "version range has " + length + " bytes; the limit is " + BYTES_MAX);
        }
    }

    /** Whether a version is in the range; null, for an instance without one, never is. */
    public boolean matches(Version version) {
        if (version == null) {
            return false;
        }
        for (List<Comparator> set : sets) {
            if (matches(set, version)) {
                return true;
            }
        }
        return false;
    }

    private static boolean matches(List<Comparator> set, Version version) {
        // Who asks for ">=1" doesn't mean 2.0.0-rc.1: a comparator of the set has to name a prerelease of the same
        // core.
        boolean named = version.prerelease().isEmpty();
        for (Comparator comparator : set) {
            if (!comparator.from().precedes(version) || comparator.to().precedes(version)) {
                return false;
            }
            Version core = comparator.version();
            named |= comparator.namesPrerelease()
                    && core.major() == version.major()
                    && core.minor() == version.minor()
                    && core.patch() == version.patch();
        }
        return named;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VersionRange range && range.canonical.equals(canonical);
    }

    @Override
    public int hashCode() {
        return canonical.hashCode();
    }

    /** The canonical form: one spelling for all ways of writing the same comparators. */
    @Override
    public String toString() {
        return canonical;
    }
}

package registry.paste.client.traffic;

/**
 * A place between versions. The order of versions is dense, so that an interval can't always be closed by a last version;
 * with cuts every comparator is one half-open interval, and no number is ever incremented, so that none can overflow.
 *
 * @param version the version it stands beside; or beside whose core, where {@code below}
 * @param below whether it stands below all prereleases of the core
 * @param after whether it stands after the version
 */
record Cut(Version version, boolean below, boolean after) implements Comparable<Cut> {
    static final Cut START = below(0, 0, 0);
    static final Cut END = new Cut(new Version(-1, -1, -1, ""), false, true);

    /** Before every version of a core, its prereleases included. */
    static Cut below(long major, long minor, long patch) {
        return new Cut(new Version(major, minor, patch, ""), true, false);
    }

    static Cut before(Version version) {
        return new Cut(version, false, false);
    }

    static Cut after(Version version) {
        return new Cut(version, false, true);
    }

    boolean precedes(Version other) {
        return compareTo(before(other)) <= 0;
    }

    @Override
    public int compareTo(Cut other) {
        if (below == other.below) {
            int order = version.compareTo(other.version);
            return order == 0 ? Boolean.compare(after, other.after) : order;
        }
        Version core = new Version(version.major(), version.minor(), version.patch(), "");
        Version otherCore = new Version(other.version.major(), other.version.minor(), other.version.patch(), "");
        int order = core.compareTo(otherCore);
        return order == 0 ? Boolean.compare(other.below, below) : order;
    }
}

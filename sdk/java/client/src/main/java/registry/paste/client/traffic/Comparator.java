package registry.paste.client.traffic;

/**
 * One comparator of a range: an operator, and a version of which only the beginning may be given.
 *
 * @param operator how versions are compared
 * @param given how many numbers are given, 0 to 3
 * @param version what is given; 0 where nothing is
 */
record Comparator(String operator, int given, Version version) {
    private static final long MAX = -1;

    /** The first version that it lets through, by precedence alone. */
    Cut from() {
        return switch (operator) {
            case ">" -> ceiling();
            case "<", "<=" -> Cut.START;
            default -> floor();
        };
    }

    /** The end of those that it lets through. */
    Cut to() {
        return switch (operator) {
            case ">", ">=" -> Cut.END;
            case "<" -> below();
            case "^" -> ceilingCompatible();
            case "~" -> given == 3 ? endOfMinor(version.major(), version.minor()) : ceiling();
            default -> ceiling();
        };
    }

    boolean namesPrerelease() {
        return given == 3 && !version.prerelease().isEmpty();
    }

    private Cut floor() {
        return given == 0 ? Cut.START : Cut.before(version);
    }

    private Cut below() {
        return switch (given) {
            case 0 -> Cut.START;
            case 3 -> floor();
            default -> Cut.below(version.major(), version.minor(), 0);
        };
    }

    private Cut ceiling() {
        return switch (given) {
            case 0 -> Cut.END;
            case 1 -> endOfMajor(version.major());
            case 2 -> endOfMinor(version.major(), version.minor());
            default -> Cut.after(version);
        };
    }

    /** The end of what is compatible: the leftmost number that isn't zero stays. */
    private Cut ceilingCompatible() {
        if (given < 2) {
            return ceiling();
        }
        if (version.major() != 0) {
            return endOfMajor(version.major());
        }
        if (version.minor() != 0 || given == 2) {
            return endOfMinor(0, version.minor());
        }
        return Cut.after(new Version(0, 0, version.patch(), ""));
    }

    private static Cut endOfMajor(long major) {
        return Cut.after(new Version(major, MAX, MAX, ""));
    }

    private static Cut endOfMinor(long major, long minor) {
        return Cut.after(new Version(major, minor, MAX, ""));
    }

    /** Its canonical form. */
    @Override
    public String toString() {
        boolean equal = operator.equals("=");
        if (given == 0) {
            // Every version is at least, at most and compatible with any version.
            return (operator.equals(">") || operator.equals("<") ? operator : "") + "*";
        }
        StringBuilder text = new StringBuilder(equal ? "" : operator).append(Long.toUnsignedString(version.major()));
        if (given > 1) {
            text.append('.').append(Long.toUnsignedString(version.minor()));
        }
        if (given > 2) {
            text.append('.').append(Long.toUnsignedString(version.patch()));
            return version.prerelease().isEmpty()
                    ? text.toString()
                    : text.append('-').append(version.prerelease()).toString();
        }
        return text.append(equal ? ".x" : "").toString();
    }
}

package registry.paste.client.traffic;

/** Two different indices by chance: the two choices of "the power of two choices". */
public final class Draw {
    private Draw() {}

    /** The first of two indices below {@code n}, from a random number. */
    public static long first(long random, long n) {
        return Unsigned.mulhi(random, n);
    }

    /** The second, another than {@code first}, from the next random number; {@code n} is at least 2. */
    public static long second(long random, long n, long first) {
        long second = Unsigned.mulhi(random, n - 1);
        return second >= first ? second + 1 : second;
    }
}

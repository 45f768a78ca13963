package registry.paste.client.traffic;

/** Arithmetic on longs that are taken for unsigned. */
public final class Unsigned {
    private Unsigned() {}

    /** ⌊r·n / 2^64⌋: a random number r made one from 0 to n - 1. */
    public static long mulhi(long r, long n) {
        // Math.unsignedMultiplyHigh came with Java 18; this is its definition.
        return Math.multiplyHigh(r, n) + ((r >> 63) & n) + ((n >> 63) & r);
    }
}

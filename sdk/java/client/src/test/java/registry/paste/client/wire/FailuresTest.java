package registry.paste.client.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Words for failures. */
class FailuresTest {
    @Test
    void wordsAreCutBetweenCharacters() {
        assertEquals("abc", Failures.cut("abc", 3));
        assertEquals("ab", Failures.cut("abc", 2));
        assertEquals("a", Failures.cut("aü", 2));
        assertEquals("a€", Failures.cut("a€b", 4));
        assertEquals("", Failures.cut("\uD83D\uDE00", 3));
        assertEquals("\uD83D\uDE00", Failures.cut("\uD83D\uDE00!", 4));
    }
}

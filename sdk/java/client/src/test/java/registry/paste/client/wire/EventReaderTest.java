package registry.paste.client.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import registry.paste.client.wire.EventReader.ServerEvent;

/** Server-sent events. */
class EventReaderTest {
    /** Gives at most so many bytes at a time. */
    private static InputStream dripping(String text, int count) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new FilterInputStream(new ByteArrayInputStream(bytes)) {
            @Override
            public int read(byte[] into) throws IOException {
                return read(into, 0, Math.min(count, into.length));
            }
        };
    }

    @Test
    void eventsAreReadHoweverTheyAreCut() throws IOException {
        String text = ": hello\nretry: 3\n\nevent: snapshot\r\ndata: {\"ü\":1}\r\nid: e-1\r\n\r\n"
                + "data:a\ndata: b\n\nid: e-2\n\nevent: cut off";
        for (int count = 1; count < 12; count++) {
            EventReader reader = new EventReader(dripping(text, count), bytes -> {});
            assertEquals(new ServerEvent(null, null, null), reader.next());
            assertEquals(new ServerEvent("snapshot", "{\"ü\":1}", "e-1"), reader.next());
            assertEquals(new ServerEvent(null, "a\nb", null), reader.next());
            assertEquals(new ServerEvent(null, null, "e-2"), reader.next());
            assertNull(reader.next());
        }
    }

    @Test
    void longLinesAreReadAndTooLongOnesAreNot() throws IOException {
        String data = "x".repeat(3_000_000);
        assertEquals(
                data,
                new EventReader(dripping("data:" + data + "\n\n", 100_000), bytes -> {})
                        .next()
                        .data());
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                return 'x';
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                Arrays.fill(into, offset, offset + length, (byte) 'x');
                return length;
            }
        };
        assertThrows(IOException.class, () -> new EventReader(endless, bytes -> {}).next());
    }

    @Test
    void whatIsNotUtf8IsRefused() {
        InputStream bytes = new ByteArrayInputStream(new byte[] {'d', 'a', 't', 'a', ':', (byte) 0xC3, '\n', '\n'});
        assertThrows(CharacterCodingException.class, () -> new EventReader(bytes, count -> {}).next());
    }
}

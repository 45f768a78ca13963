package registry.paste.client.wire;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.LongConsumer;

/** Reads server-sent events from a stream of bytes. For one thread. */
public final class EventReader {
    private static final int LINE_BYTES_MAX = 64 * 1024 * 1024;
    private static final int KEPT_BYTES_MAX = 1024 * 1024;

    private final InputStream bytes;
    private final LongConsumer onBytes;
    private final byte[] chunk = new byte[16 * 1024];
    private int chunkAt;
    private int chunkEnd;
    private byte[] line = new byte[1024];

    /**
     * Begins to read.
     *
     * @param bytes the stream
     * @param onBytes is told of bytes that came
     */
    public EventReader(InputStream bytes, LongConsumer onBytes) {
        this.bytes = bytes;
        this.onBytes = onBytes;
    }

    /** An event; each part is null where it wasn't there. */
    public record ServerEvent(String type, String data, String id) {}

    /** The next event, or null at the end of the stream. */
    public ServerEvent next() throws IOException {
        String type = null;
        String id = null;
        StringBuilder data = null;
        String text = line();
        while (text != null && !text.isEmpty()) {
            int colon = text.indexOf(':');
            String field = colon < 0 ? text : text.substring(0, colon);
            String value = colon < 0 ? "" : text.substring(text.startsWith(": ", colon) ? colon + 2 : colon + 1);
            switch (field) {
                case "event" -> type = value;
                case "id" -> id = value;
                case "data" -> data = data == null
                        ? new StringBuilder(value)
                        : data.append('\n').append(value);
                default -> {
                    // Comments, and the server's advice when to come again: the SDKs have rules of their own.
                }
            }
            text = line();
        }
        return text == null ? null : new ServerEvent(type, data == null ? null : data.toString(), id);
    }

    private String line() throws IOException {
        int length = 0;
        while (true) {
            if (chunkAt == chunkEnd && !fill()) {
                return null;
            }
            int end = chunkAt;
            while (end < chunkEnd && chunk[end] != '\n') {
                end++;
            }
            int count = end - chunkAt;
            if (length + count > LINE_BYTES_MAX) {
                throw new IOException("a line of the stream is longer than " + LINE_BYTES_MAX + " bytes");
            }
            if (length + count > line.length) {
                line = Arrays.copyOf(line, Math.max(length + count, line.length * 2));
            }
            System.arraycopy(chunk, chunkAt, line, length, count);
            length += count;
            chunkAt = end;
            if (end < chunkEnd) {
                chunkAt++;
                return decoded(length);
            }
        }
    }

    private boolean fill() throws IOException {
        int count = bytes.read(chunk);
        if (count < 0) {
            return false;
        }
        onBytes.accept(count);
        chunkAt = 0;
        chunkEnd = count;
        return true;
    }

    private String decoded(int length) throws CharacterCodingException {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        String text = StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(line, 0, end))
                .toString();
        if (line.length > KEPT_BYTES_MAX) {
            line = new byte[1024];
        }
        return text;
    }
}

package registry.paste.client.copy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Set;
import registry.paste.client.json.JsonException;
import registry.paste.client.json.JsonObject;
import registry.paste.client.json.JsonWriter;
import registry.paste.client.traffic.XxHash64;

/** The copy on disk: a line with a checksum, then the payload. Written beside, synced and renamed, so that it is never half. */
public final class SnapshotFile {
    private static final int FORMAT = 1;
    private static final Duration AGE_MAX = Duration.ofHours(24);
    private static final Duration AGE_WARNED = Duration.ofMinutes(10);
    private static final long BYTES_MAX = 512L * 1024 * 1024;
    private static final System.Logger LOG = System.getLogger("registry.paste.client");

    private final Path path;

    /** The file of a namespace in a folder. */
    public SnapshotFile(Path folder, String namespace) {
        this.path = folder.resolve(namespace + ".json");
    }

    /** What was read, and how old it was. */
    public record Loaded(JsonObject payload, Duration age) {}

    /** What is on disk; null, with a warning where there is something, if it can't be used. */
    public Loaded load(Instant now) {
        try {
            if (!Files.exists(path)) {
                return null;
            }
            if (Files.size(path) > BYTES_MAX) {
                throw new JsonException("it is larger than " + BYTES_MAX + " bytes");
            }
            return parse(Files.readString(path), now);
        } catch (IOException | JsonException unusable) {
            LOG.log(System.Logger.Level.WARNING, "passing over the snapshot " + path + ": " + unusable.getMessage());
            return null;
        }
    }

    private Loaded parse(String text, Instant now) {
        int end = text.indexOf('\n');
        if (end < 0) {
            throw new JsonException("it has no first line");
        }
        JsonObject header = JsonObject.read(text.substring(0, end));
        String payload = text.substring(end + 1);
        if (header.number("format") != FORMAT) {
            throw new JsonException("its format is " + header.number("format"));
        }
        if (!header.string("checksum").equals(checksum(payload.getBytes(StandardCharsets.UTF_8)))) {
            throw new JsonException("its checksum is wrong");
        }
        JsonObject json = JsonObject.read(payload);
        Duration age = age(json, now);
        if (age.compareTo(AGE_MAX) > 0) {
            throw new JsonException("it is " + age.toHours() + " hours old");
        }
        if (age.compareTo(AGE_WARNED) > 0) {
            LOG.log(System.Logger.Level.WARNING, "the snapshot " + path + " is " + age.toMinutes() + " minutes old");
        }
        return new Loaded(json, age);
    }

    private static Duration age(JsonObject json, Instant now) {
        try {
            Duration age = Duration.between(Instant.parse(json.string("saved_at")), now);
            return age.isNegative() ? Duration.ZERO : age;
        } catch (DateTimeParseException wrong) {
            throw new JsonException("saved_at is not a time", wrong);
        }
    }

    /** Writes {@code payload} in place of what was there. */
    public void save(Map<String, Object> payload) throws IOException {
        byte[] bytes = JsonWriter.write(payload).getBytes(StandardCharsets.UTF_8);
        String header = "{\"format\":" + FORMAT + ",\"checksum\":\"" + checksum(bytes) + "\"}\n";
        Files.createDirectories(path.getParent());
        Path beside = path.resolveSibling(
                path.getFileName() + "." + ProcessHandle.current().pid() + ".new");
        Files.deleteIfExists(beside);
        try (FileChannel file = open(beside)) {
            writeAll(file, ByteBuffer.wrap(header.getBytes(StandardCharsets.UTF_8)));
            writeAll(file, ByteBuffer.wrap(bytes));
            file.force(true);
        }
        Files.move(beside, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static FileChannel open(Path path) throws IOException {
        Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return FileChannel.open(
                    path, options, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        return FileChannel.open(path, options);
    }

    private static void writeAll(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    private static String checksum(byte[] payload) {
        return String.format("%016x", XxHash64.hash(payload));
    }
}

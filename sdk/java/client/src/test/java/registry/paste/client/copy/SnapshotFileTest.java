package registry.paste.client.copy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The copy on disk. */
class SnapshotFileTest {
    private static final Instant SAVED = Instant.parse("2026-01-01T12:00:00Z");

    @TempDir
    private Path folder;

    private SnapshotFile file;
    private Path path;

    @BeforeEach
    void save() throws IOException {
        file = new SnapshotFile(folder.resolve("deep"), "default");
        path = folder.resolve("deep/default.json");
        file.save(Map.of("epoch", "e", "saved_at", SAVED.toString(), "services", Map.of()));
    }

    @Test
    void whatWasSavedIsLoaded() throws IOException {
        SnapshotFile.Loaded loaded = file.load(SAVED.plusSeconds(5));
        assertEquals("e", loaded.payload().string("epoch"));
        assertEquals(Duration.ofSeconds(5), loaded.age());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
        try (var files = Files.list(path.getParent())) {
            assertEquals(1, files.count(), "nothing lies beside it");
        }
    }

    @Test
    void theWallsClockMayBeSetBack() {
        assertEquals(Duration.ZERO, file.load(SAVED.minusSeconds(3600)).age());
    }

    @Test
    void oldOnesArePassedOver() {
        assertNotNull(file.load(SAVED.plus(Duration.ofHours(24))));
        assertNull(file.load(SAVED.plus(Duration.ofHours(24)).plusMillis(1)));
    }

    @Test
    void tornOnesArePassedOver() throws IOException {
        String whole = Files.readString(path);
        for (int length = 0; length < whole.length(); length++) {
            Files.writeString(path, whole.substring(0, length));
            assertNull(file.load(SAVED), "the first " + length + " characters");
        }
        Files.writeString(path, whole.replace("\"format\":1", "\"format\":2"));
        assertNull(file.load(SAVED));
        Files.writeString(path, whole.replace("\"e\"", "\"f\""));
        assertNull(file.load(SAVED));
        Files.write(path, new byte[] {(byte) 0xFF, (byte) 0xFE});
        assertNull(file.load(SAVED));
        Files.delete(path);
        assertNull(file.load(SAVED));
    }
}

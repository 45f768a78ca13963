package registry.paste.client.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** JSON, there and back. */
class JsonTest {
    @Test
    void valuesAreReadAndWritten() {
        String text = "{\"a\":[1,-2.5,1e3,true,false,null,\"x\\n\\\"\\\\\\u00fc\\ud83d\\ude00\"],\"b\":{},\"c\":[]}";
        Map<String, Object> expected = new LinkedHashMap<>();
        expected.put("a", Arrays.asList(1L, -2.5, 1000.0, true, false, null, "x\n\"\\ü😀"));
        expected.put("b", Map.of());
        expected.put("c", List.of());
        assertEquals(expected, JsonReader.read(text));
        assertEquals(expected, JsonReader.read(JsonWriter.write(expected)));
    }

    @Test
    void largeNumbersAreKept() {
        assertEquals(Long.MAX_VALUE, JsonReader.read("9223372036854775807"));
        assertEquals(Long.MIN_VALUE, JsonReader.read(" -9223372036854775808 "));
        assertEquals(1e19, JsonReader.read("10000000000000000000"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[1,]",
                "{\"a\"}",
                "{\"a\":1,}",
                "01",
                "1.",
                "-",
                "1e",
                "tru",
                "\"",
                "\"\\x\"",
                "\"\\u12g4\"",
                "\"\t\"",
                "[] []",
                "{1:2}",
                "nul",
                "+1",
                "\"\\"
            })
    void whatIsNoJsonIsRefused(String text) {
        assertThrows(JsonException.class, () -> JsonReader.read(text));
    }

    @Test
    void depthIsBounded() {
        assertEquals(true, JsonReader.read("[".repeat(64) + "]".repeat(64)) instanceof List);
        assertThrows(JsonException.class, () -> JsonReader.read("[".repeat(65) + "]".repeat(65)));
        assertThrows(JsonException.class, () -> JsonReader.read("{\"a\":".repeat(100_000)));
    }

    @Test
    void fieldsHaveTypes() {
        JsonObject object = JsonObject.read("{\"s\":\"x\",\"n\":3,\"none\":null}");
        assertEquals("x", object.string("s"));
        assertEquals(3, object.number("n"));
        assertEquals("otherwise", object.string("none", "otherwise"));
        assertThrows(JsonException.class, () -> object.string("none"));
        assertThrows(JsonException.class, () -> object.string("n"));
        assertThrows(JsonException.class, () -> object.objects("s"));
    }

    @Test
    void whatJsonLacksIsRefused() {
        assertThrows(JsonException.class, () -> JsonWriter.write(Double.NaN));
        assertThrows(JsonException.class, () -> JsonWriter.write(new Object()));
    }
}

package registry.paste.client.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which answers are the registry's. */
class AnswerTest {
    private static Answer answer(int status, String body) {
        return new Answer(
                status, HttpHeaders.of(Map.of(), (name, value) -> true), body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aRefusalWithoutCodeIsAFailure() {
        assertTrue(answer(404, "").failed());
        assertTrue(answer(403, "<html>").failed());
        assertFalse(answer(403, "{\"code\":\"forbidden\"}").failed());
        assertTrue(answer(503, "{\"code\":\"unavailable\"}").failed());
        assertFalse(answer(204, "").failed());
    }

    @Test
    void onlyTheRegistrySaysWhoIsRegistered() {
        assertTrue(answer(404, "{\"code\":\"not-registered\"}").notRegistered());
        assertFalse(answer(404, "{\"code\":\"not-found\"}").notRegistered());
        assertFalse(answer(404, "not here").notRegistered());
    }

    @Test
    void bodiesTellWhoAnswered() {
        assertTrue(answer(200, "{\"id\":\"a\"}").names("a"));
        assertEquals(false, answer(200, "{\"id\":\"b\"}").names("a"));
        assertFalse(answer(200, "<html>").names("a"));
        assertTrue(answer(204, "").emptyOrJson());
        assertTrue(answer(200, "{}").emptyOrJson());
        assertFalse(answer(200, "<html>").emptyOrJson());
    }
}

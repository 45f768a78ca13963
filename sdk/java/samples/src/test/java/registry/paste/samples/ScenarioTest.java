package registry.paste.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import registry.paste.client.json.JsonObject;
import registry.paste.scenario.Scenario;
import registry.paste.testing.Backend;
import registry.paste.testing.RegistryProcess;

/** The agent of the scenarios, spoken to as they do. */
class ScenarioTest {
    @Test
    void theAgentAnswersEachCommand() throws Exception {
        try (RegistryProcess registry = RegistryProcess.start();
                Backend backend = new Backend("b")) {
            registry.put("/configs/g/k", "{\"content\":\"x\",\"format\":\"text\"}");
            Process agent = new ProcessBuilder(
                            System.getProperty("java.home") + "/bin/java",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Scenario.class.getName())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedWriter in = agent.outputWriter();
                    BufferedReader out = agent.inputReader()) {
                ask(
                        in,
                        out,
                        "{\"do\":\"start\",\"urls\":[\"" + registry.url() + "\"],\"services\":[\"a\"],"
                                + "\"configs\":[\"g/k\"],\"register\":{\"service\":\"a\",\"address\":\"127.0.0.1\",\"port\":"
                                + backend.port() + ",\"id\":\"me\"}}");
                assertEquals(
                        "x",
                        ask(in, out, "{\"do\":\"config\",\"name\":\"g/k\",\"wait_ms\":30000}")
                                .string("content"));
                long end = System.nanoTime() + 30_000_000_000L;
                while (!ask(in, out, "{\"do\":\"instances\",\"service\":\"a\",\"wait_ms\":30000}")
                        .strings("ids")
                        .contains("me")) {
                    assertTrue(System.nanoTime() < end, "it is not registered");
                    Thread.sleep(20);
                }
                assertEquals(
                        3,
                        ask(in, out, "{\"do\":\"pick\",\"service\":\"a\",\"count\":3}")
                                .object("picked")
                                .number("me"));
                assertEquals(
                        2,
                        ask(in, out, "{\"do\":\"call\",\"service\":\"a\",\"path\":\"/x\",\"count\":2}")
                                .number("ok"));
                assertEquals(true, ask(in, out, "{\"do\":\"registered\"}").bool("registered", false));
                assertEquals(true, ask(in, out, "{\"do\":\"block\",\"ms\":1}").bool("ok", false));
                assertTrue(ask(in, out, "{\"do\":\"events\"}").strings("events").contains("registered"));
                assertTrue(ask(in, out, "{\"do\":\"dance\"}").has("error"));
                assertEquals(
                        "[]",
                        ask(in, out, "{\"do\":\"close\"}").fields().get("left").toString());
            }
            assertTrue(agent.waitFor(30, TimeUnit.SECONDS));
        }
    }

    private static JsonObject ask(BufferedWriter in, BufferedReader out, String command) throws IOException {
        in.write(command + "\n");
        in.flush();
        return JsonObject.read(out.readLine());
    }
}

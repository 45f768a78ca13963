package registry.paste.scenario;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import registry.paste.client.json.JsonObject;
import registry.paste.client.json.JsonWriter;

/** Reads a command a line from standard input and answers each with a line on standard output. */
public final class Scenario {
    private Scenario() {}

    /** Runs until it is told to close, or the input ends. */
    public static void main(String[] arguments) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Agent agent = new Agent();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String command = "";
            Map<String, Object> answer;
            try {
                JsonObject json = JsonObject.read(line);
                command = json.string("do");
                answer = agent.answer(command, json);
            } catch (RuntimeException | IOException failure) {
                answer = Map.of("error", String.valueOf(failure.getMessage()));
            } catch (InterruptedException stopping) {
                return;
            }
            out.println(JsonWriter.write(answer));
            if (command.equals("close")) {
                return;
            }
        }
    }
}

package registry.paste.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import registry.paste.testing.RegistryProcess;

/** The program of the README, as it is printed. */
class ReadmeTest {
    private static final String CLASS_PATH = System.getProperty("java.class.path");

    private static String program() throws Exception {
        String readme = Files.readString(Path.of("../README.md"));
        int begin = readme.indexOf("```java\nimport") + "```java\n".length();
        return readme.substring(begin, readme.indexOf("```", begin));
    }

    private static void compile(Path file) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter errors = new StringWriter();
        boolean compiled = compiler.getTask(
                        errors,
                        null,
                        null,
                        List.of("-cp", CLASS_PATH, "-d", file.getParent().toString()),
                        null,
                        compiler.getStandardFileManager(null, null, null).getJavaFileObjects(file))
                .call();
        assertEquals(true, compiled, errors.toString());
    }

    @Test
    void itSaysHello(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("Hello.java"), program());
        compile(file);
        Path output = folder.resolve("output");
        try (RegistryProcess registry = RegistryProcess.start()) {
            ProcessBuilder builder = new ProcessBuilder(
                            System.getProperty("java.home") + "/bin/java",
                            "-cp",
                            folder + File.pathSeparator + CLASS_PATH,
                            "Hello")
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().put("PASTE_REGISTRY_URL", registry.url());
            Process process = builder.start();
            assertEquals(true, process.waitFor(60, TimeUnit.SECONDS));
            assertEquals("hello\n", Files.readString(output));
            assertEquals(0, process.exitValue());
        }
    }
}

package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TaskGraph;

/**
 * What is compiled against this module runs on TornadoVM, so each class, method, field and constant here must be one of TornadoVM's too.
 * The list {@code real-api.txt} holds those of TornadoVM 5.2.0-jdk25, for the types that stand here; with {@code
 * -Dgatun.tornado.api.jar=JAR} the test holds the list against that jar, and with {@code -Dgatun.tornado.api.record=true} besides writes it
 * anew.
 */
class RealApiTest {
  private static final String LIST = "real-api.txt";
  private static final String API = "uk/ac/manchester/tornado/api/";

  @Test
  void everythingDeclaredHereStandsInTheRealApi() throws IOException, URISyntaxException {
    Set<String> own = new TreeSet<>();
    for (String name : ownClasses()) {
      own.addAll(ApiLines.of(TaskGraph.class.getResourceAsStream("/" + name)));
    }
    assertThat(own).hasSizeGreaterThan(200);
    own.removeAll(recorded());
    assertThat(own).as("declared here and unknown to TornadoVM").isEmpty();
  }

  @Test
  void theListAgreesWithTheJar() throws IOException, URISyntaxException {
    String jar = System.getProperty("gatun.tornado.api.jar", "");
    assumeFalse(jar.isEmpty(),
        "no TornadoVM here: name its tornado-api jar in -Dgatun.tornado.api.jar to hold the recorded API against it");
    Set<String> real = new TreeSet<>();
    try (JarFile file = new JarFile(jar)) {
      for (String name : ownClasses()) {
        assertThat(file.getEntry(name)).as(name).isNotNull();
        real.addAll(ApiLines.of(file.getInputStream(file.getEntry(name))));
      }
    }
    if (Boolean.getBoolean("gatun.tornado.api.record")) {
      Files.write(Path.of("src", "test", "resources", "dev", "gatun", "tornado", "emulator", LIST), real);
      return;
    }
    assertThat(recorded()).isEqualTo(real);
  }

  private static Set<String> recorded() throws IOException {
    try (InputStream in = RealApiTest.class.getResourceAsStream(LIST)) {
      return new TreeSet<>(List.of(new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")));
    }
  }

  /** The class files of the exported packages that others can name. */
  private static List<String> ownClasses() throws IOException, URISyntaxException {
    URI here = TaskGraph.class.getResource("TaskGraph.class").toURI();
    Path api = Path.of(here).getParent();
    try (Stream<Path> files = Files.walk(api)) {
      return files.filter(f -> f.toString().endsWith(".class")).map(f -> API + api.relativize(f).toString().replace('\\', '/'))
          .filter(f -> !f.startsWith(API + "emulation/")).filter(f -> !ApiLines.of(TaskGraph.class.getResourceAsStream("/" + f)).isEmpty())
          .sorted().toList();
    }
  }
}

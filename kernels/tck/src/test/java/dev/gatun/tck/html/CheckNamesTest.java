package dev.gatun.tck.html;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whoever reads a report finds the name of every check explained on the page and in the guide. */
class CheckNamesTest {
  private static final List<Pattern> NAMED = List.of(Pattern.compile("\\b(?:check|same)\\(\\s*\"([a-z ]+)\""),
      Pattern.compile("new CheckException\\(\\s*\"([a-z ]+)\""),
      Pattern.compile("Verdict\\.FAIL,\\s*\"([a-z ]+)\""), Pattern.compile("\\bfailed\\([^\"\\n]*\"([a-z ]+)\""));

  static Set<String> names() throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        String source = Files.readString(file);
        for (Pattern pattern : NAMED) {
          for (Matcher found = pattern.matcher(source); found.find(); ) {
            names.add(found.group(1));
          }
        }
      }
    }
    return names;
  }

  @Test
  void theSourcesAreSearched() throws IOException {
    assertThat(names()).contains("guards", "finite", "error", "refusal", "threw");
  }

  @Test
  void thePageSaysWhatEachMeans() throws IOException {
    assertThat(names().stream().filter(name -> CheckMeaning.of(name).isEmpty())).as("without a line in CheckMeaning").isEmpty();
  }

  @Test
  void theGuideSaysWhatUsuallyCausesEach() throws IOException {
    String guide = Files.readString(Path.of("../../docs/validating-a-backend.md"));
    assertThat(names().stream().filter(name -> !guide.contains("| `" + name + "` |"))).as("without a row in docs/validating-a-backend.md")
        .isEmpty();
  }
}

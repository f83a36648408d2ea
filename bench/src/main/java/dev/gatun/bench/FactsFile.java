package dev.gatun.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.runner.Defaults;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/** What has to be known beside the results of a run: device, driver, commit, flags, ceilings, and what was not run. */
final class FactsFile {
  private static final ObjectMapper JSON = new ObjectMapper();

  private FactsFile() {}

  /** {@code x.facts.json} for results in {@code x.json}. */
  static Path beside(CommandLineOptions options) {
    String results = options.getResult().orElse(Defaults.RESULT_FILE_PREFIX);
    Path file = Path.of(results);
    String name = file.getFileName().toString();
    int end = name.lastIndexOf('.');
    return file.resolveSibling((end > 0 ? name.substring(0, end) : name) + ".facts.json");
  }

  /** As the property {@code gatun.commit} says; else that of the checkout which the jar was built in, {@code -dirty} where files differ. */
  private static String commit() {
    String told = System.getProperty("gatun.commit");
    if (told != null) {
      return told;
    }
    try {
      Path place = Path.of(FactsFile.class.getProtectionDomain().getCodeSource().getLocation().toURI()).getParent();
      Process git = new ProcessBuilder("git", "-C", place.toString(), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
          .redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String answer = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return answer.isEmpty() ? "unknown" : answer;
    } catch (IOException | URISyntaxException _) {
      return "unknown";
    }
  }

  static void write(Path file, Journal journal, List<Journal.Entry> missing, String... words) throws IOException {
    ObjectNode facts = JSON.createObjectNode();
    facts.put("format", "gatun-bench-facts").put("version", 1).put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put("commit", commit()).put("java", Runtime.version().toString())
        .put("vm", System.getProperty("java.vm.name")).put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"))
        .put("arch", System.getProperty("os.arch")).put("processors", Runtime.getRuntime().availableProcessors());
    ArrayNode flags = facts.putArray("flags");
    ManagementFactory.getRuntimeMXBean().getInputArguments().forEach(flags::add);
    ArrayNode command = facts.putArray("command");
    for (String word : words) {
      command.add(word);
    }
    ObjectNode backends = facts.putObject("backends");
    journal.backends().forEach(backends::set);
    ArrayNode list = facts.putArray("missing");
    for (Journal.Entry entry : missing) {
      ObjectNode node = list.addObject().put("outcome", entry.outcome().name().toLowerCase(Locale.ROOT)).put("benchmark", entry.benchmark());
      ObjectNode parameters = node.putObject("parameters");
      entry.parameters().forEach(parameters::put);
      node.put("reason", entry.reason());
    }
    Files.writeString(file, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(facts) + "\n");
  }
}

package dev.gatun.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * What the JVMs of one run tell each other through a folder: which benchmarks were not run or were wrong and why, and what was measured once for all, such
 * as ceilings. Without a folder, in a JVM that nobody collects from, it forgets.
 */
public final class Journal {
  /** The system property that names the folder. */
  public static final String PROPERTY = "gatun.bench.run";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Optional<Path> folder;

  /** How a benchmark went. */
  public enum Outcome {
    /** It cannot run here. */
    NOT_RUN,
    /** Its answer is not that of the oracle. */
    WRONG,
    /** Something broke. */
    FAILED
  }

  /**
   * A line of the journal.
   *
   * @param outcome how it went
   * @param benchmark the benchmark's full name
   * @param parameters its parameters by name
   * @param reason why
   */
  public record Entry(Outcome outcome, String benchmark, Map<String, String> parameters, String reason) {
    /** The benchmark and its parameters, as one line. */
    public String wanted() {
      String name = benchmark.substring(benchmark.lastIndexOf('.', benchmark.lastIndexOf('.') - 1) + 1);
      return Stream.concat(Stream.of(name), parameters.entrySet().stream().map(p -> p.getKey() + "=" + p.getValue())).collect(Collectors.joining(" "));
    }
  }

  /** The journal in a folder. */
  public Journal(Path folder) {
    this.folder = Optional.of(folder);
  }

  private Journal() {
    this.folder = Optional.empty();
  }

  /** That of the run which this JVM belongs to. */
  public static Journal ofThisRun() {
    String folder = System.getProperty(PROPERTY);
    return folder == null ? new Journal() : new Journal(Path.of(folder));
  }

  /** The parameters of a benchmark by name. */
  public static Map<String, String> parameters(BenchmarkParams params) {
    Map<String, String> values = new TreeMap<>();
    params.getParamsKeys().forEach(key -> values.put(key, params.getParam(key)));
    return values;
  }

  /** Adds a line. */
  public void add(Outcome outcome, BenchmarkParams params, String reason) {
    ObjectNode line = JSON.createObjectNode().put("outcome", outcome.name()).put("benchmark", params.getBenchmark());
    ObjectNode values = line.putObject("parameters");
    parameters(params).forEach(values::put);
    line.put("reason", reason);
    folder.ifPresent(at -> write(at.resolve("entries"), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND));
  }

  /** All lines, in the order they were added. */
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    for (String line : text("entries").orElse("").lines().toList()) {
      JsonNode node = parsed(line);
      Map<String, String> values = new TreeMap<>();
      node.get("parameters").properties().forEach(value -> values.put(value.getKey(), value.getValue().asText()));
      entries.add(new Entry(Outcome.valueOf(node.get("outcome").asText()), node.get("benchmark").asText(), values, node.get("reason").asText()));
    }
    return entries;
  }

  /** Keeps what is known of a backend for the whole run. */
  public void keep(String backend, ObjectNode facts) {
    folder.ifPresent(at -> write(at.resolve("backend-" + backend), facts.toString(), StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING));
  }

  /** What was kept of a backend. */
  public Optional<JsonNode> kept(String backend) {
    return text("backend-" + backend).map(Journal::parsed);
  }

  /** What was kept of every backend, by its name. */
  public Map<String, JsonNode> backends() {
    Map<String, JsonNode> all = new TreeMap<>();
    folder.ifPresent(at -> {
      try (Stream<Path> files = Files.list(at)) {
        files.map(file -> file.getFileName().toString()).filter(name -> name.startsWith("backend-")).map(name -> name.substring("backend-".length()))
            .forEach(name -> all.put(name, kept(name).orElseThrow()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
    return all;
  }

  private Optional<String> text(String name) {
    return folder.flatMap(at -> {
      try {
        return Optional.of(Files.readString(at.resolve(name)));
      } catch (NoSuchFileException _) {
        return Optional.empty();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  private static JsonNode parsed(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text, StandardOpenOption... how) {
    try {
      Files.writeString(file, text, how);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

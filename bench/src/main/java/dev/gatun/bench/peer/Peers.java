package dev.gatun.bench.peer;

import dev.gatun.bench.NotRunException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Other engines in a run of their own, their results as one JSON array: llama.cpp through {@code llama-bench -o json} where {@code -Dgatun.bench.llama=PATH} names it, with rows as
 * it writes them and {@code engine} added, and PyTorch through {@code bench/device/peers.py} where {@code import torch} works. What did not run has a row with a {@code status} that
 * says why.
 *
 * <p>{@code java -Dgatun.bench.llama=PATH -cp gatun-bench.jar dev.gatun.bench.peer.Peers [-s SECONDS] [-o FILE] -m MODEL [llama-bench's options]}
 */
public final class Peers {
  /** Names llama.cpp's {@code llama-bench}. */
  public static final String LLAMA = "gatun.bench.llama";
  /** Names {@code peers.py}, where it is not at {@code bench/device/peers.py}. */
  public static final String TORCH_SCRIPT = "gatun.bench.peers";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> TORCH_SHAPES = List.of("llama-3.2-1b", "llama-3-8b");
  private static final int GRACE_SECONDS = 60;

  private Peers() {}

  /** As the class says. */
  public static void main(String[] words) throws IOException {
    long seconds = 300;
    Optional<Path> to = Optional.empty();
    List<String> rest = new ArrayList<>();
    try {
      for (int i = 0; i < words.length; i++) {
        if (words[i].equals("-s") || words[i].equals("-o")) {
          if (i + 1 == words.length) {
            throw new NotRunException("option " + words[i] + " needs a value");
          }
          String value = words[++i];
          if (words[i - 1].equals("-s")) {
            seconds = seconds(value);
          } else {
            to = Optional.of(Path.of(value));
          }
        } else {
          rest.add(words[i]);
        }
      }
    } catch (NotRunException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
    ArrayNode all = run(Optional.ofNullable(System.getProperty(LLAMA)), rest, List.of("python3"),
        Path.of(System.getProperty(TORCH_SCRIPT, "bench/device/peers.py")), seconds);
    String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(all);
    if (to.isPresent()) {
      Files.writeString(to.get(), text + "\n");
      for (JsonNode row : all) {
        if (row.path("status").asText().startsWith("not run")) {
          say(System.err, row.path("engine").asText() + ": " + row.path("status").asText());
        }
      }
    } else {
      say(System.out, text);
    }
  }

  private static long seconds(String value) {
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new NotRunException("option -s takes seconds, not " + value);
    }
  }

  private static void say(PrintStream to, String text) {
    to.println(text);
  }

  /** The rows of every peer, or why it gave none. */
  static ArrayNode run(Optional<String> llama, List<String> llamaOptions, List<String> python, Path script, long seconds) {
    ArrayNode all = JSON.createArrayNode();
    try {
      all.addAll(llama(llama, llamaOptions, seconds));
    } catch (NotRunException e) {
      all.add(absent("llama.cpp", e));
    }
    try {
      all.addAll(torch(python, script, seconds));
    } catch (NotRunException e) {
      all.add(absent("torch", e));
    }
    return all;
  }

  private static ObjectNode absent(String engine, NotRunException e) {
    return JSON.createObjectNode().put("engine", engine).put("status", e.getMessage());
  }

  /** What {@code llama-bench -o json} measured. @throws NotRunException where it does not run, or what it writes is no array of rows with {@code avg_ts} */
  static ArrayNode llama(Optional<String> path, List<String> options, long seconds) {
    String program = path.orElseThrow(() -> new NotRunException("no llama-bench; name it with -D" + LLAMA + "=PATH"));
    if (!Files.isExecutable(Path.of(program))) {
      throw new NotRunException("-D" + LLAMA + " names " + program + ", which is no program");
    }
    List<String> command = new ArrayList<>(List.of(program, "-o", "json"));
    command.addAll(options);
    String text = output(command, seconds);
    ArrayNode rows = JSON.createArrayNode();
    try {
      JsonNode parsed = JSON.readTree(text);
      for (JsonNode row : parsed) {
        if (!parsed.isArray() || !row.isObject() || !row.path("avg_ts").isNumber()) {
          throw new NotRunException(program + " -o json wrote no array of rows with avg_ts; use a llama.cpp of 2024 or later");
        }
        rows.add(((ObjectNode) row).put("engine", "llama.cpp").put("status", "measured"));
      }
    } catch (JsonProcessingException e) {
      throw new NotRunException(program + " -o json wrote no JSON (" + e.getOriginalMessage() + ")");
    }
    if (rows.isEmpty()) {
      throw new NotRunException(program + " -o json wrote no rows");
    }
    return rows;
  }

  /** What {@code peers.py decode} measured. */
  static ArrayNode torch(List<String> python, Path script, long seconds) {
    List<String> probe = new ArrayList<>(python);
    probe.addAll(List.of("-c", "import torch"));
    try {
      output(probe, GRACE_SECONDS);
    } catch (NotRunException e) {
      throw new NotRunException("python3 -c 'import torch' does not work; install PyTorch with CUDA");
    }
    if (!Files.isRegularFile(script)) {
      throw new NotRunException("there is no " + script + "; name it with -D" + TORCH_SCRIPT + "=bench/device/peers.py");
    }
    List<String> command = new ArrayList<>(python);
    command.addAll(List.of(script.toString(), "decode", String.join(" ", TORCH_SHAPES), String.valueOf(seconds)));
    ArrayNode rows = JSON.createArrayNode();
    for (String line : output(command, seconds + GRACE_SECONDS).lines().filter(line -> line.startsWith("{")).toList()) {
      try {
        rows.add(((ObjectNode) JSON.readTree(line)).put("engine", "torch"));
      } catch (JsonProcessingException e) {
        throw new NotRunException(script + " wrote a line that is no JSON (" + e.getOriginalMessage() + ")");
      }
    }
    if (rows.isEmpty()) {
      throw new NotRunException(script + " wrote no rows");
    }
    return rows;
  }

  private static String output(List<String> command, long seconds) {
    Path out = null;
    Path err = null;
    try {
      out = Files.createTempFile("gatun-peer", ".out");
      err = Files.createTempFile("gatun-peer", ".err");
      Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      process.getOutputStream().close();
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().waitFor();
        throw new NotRunException(command.getFirst() + " took longer than " + seconds + " s; -s SECONDS gives it more");
      }
      if (process.exitValue() != 0) {
        List<String> said = Files.readString(err).lines().filter(line -> !line.isBlank()).toList();
        throw new NotRunException(command.getFirst() + " ended with " + process.exitValue() + (said.isEmpty() ? "" : ": " + said.getLast()));
      }
      return Files.readString(out);
    } catch (IOException e) {
      throw new NotRunException(command.getFirst() + " cannot be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NotRunException("interrupted while " + command.getFirst() + " ran");
    } finally {
      delete(out);
      delete(err);
    }
  }

  private static void delete(Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      System.getLogger("dev.gatun.bench").log(System.Logger.Level.DEBUG, "{0} stays behind", file);
    }
  }
}

package dev.gatun.bench.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.bench.NotRunException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Other engines, played by scripts. */
class PeersTest {
  /** Two rows with the fields of {@code llama-bench -o json}, of which it writes more. */
  private static final String ROWS = """
      [
        {"build_commit": "b1", "model_filename": "m.gguf", "n_prompt": 512, "n_gen": 0, "avg_ns": 1000000, "stddev_ns": 5, "avg_ts": 512000.5, "stddev_ts": 1.25,
         "samples_ns": [999995, 1000005], "samples_ts": [512003.0, 511998.0]},
        {"build_commit": "b1", "model_filename": "m.gguf", "n_prompt": 0, "n_gen": 128, "avg_ns": 4000, "stddev_ns": 1, "avg_ts": 32.5, "stddev_ts": 0.5,
         "samples_ns": [4000], "samples_ts": [32.5]}
      ]
      """;

  @TempDir
  Path folder;

  @BeforeEach
  void posix() {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "a shell");
  }

  private String program(String name, String body) throws IOException {
    Path file = Files.writeString(folder.resolve(name), "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file.toString();
  }

  @Test
  void rowsOfLlamaBenchAreKeptAsTheyAreAndNamed() throws IOException {
    Files.writeString(folder.resolve("rows"), ROWS);
    String bench = program("llama-bench", "echo loading >&2; echo \"$@\" > '" + folder + "/words'; cat '" + folder + "/rows'");
    ArrayNode rows = Peers.llama(Optional.of(bench), List.of("-m", "m.gguf", "-p", "512"), 30);
    assertThat(Files.readString(folder.resolve("words")).strip()).isEqualTo("-o json -m m.gguf -p 512");
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).path("engine").asText()).isEqualTo("llama.cpp");
    assertThat(rows.get(0).path("avg_ts").asDouble()).isEqualTo(512000.5);
    assertThat(rows.get(1).path("samples_ns").get(0).asLong()).isEqualTo(4000);
    assertThat(rows.get(1).path("status").asText()).isEqualTo("measured");
  }

  @Test
  void aLlamaBenchThatFailsOrBabblesOrHangsIsNotRunWithTheReason() throws IOException {
    assertThatThrownBy(() -> Peers.llama(Optional.empty(), List.of(), 5)).hasMessageStartingWith("not run: ").hasMessageContaining(Peers.LLAMA);
    assertThatThrownBy(() -> Peers.llama(Optional.of(folder + "/none"), List.of(), 5)).hasMessageContaining("no program");
    String failing = program("failing", "echo 'error: failed to load model' >&2; exit 1");
    assertThatThrownBy(() -> Peers.llama(Optional.of(failing), List.of(), 5)).hasMessageEndingWith("ended with 1: error: failed to load model");
    String babbling = program("babbling", "echo '| model | size |'");
    assertThatThrownBy(() -> Peers.llama(Optional.of(babbling), List.of(), 5)).hasMessageContaining("no JSON");
    String other = program("other", "echo '[{\"tokens\": 3}]'");
    assertThatThrownBy(() -> Peers.llama(Optional.of(other), List.of(), 5)).hasMessageContaining("avg_ts");
    String silent = program("silent", ":");
    assertThatThrownBy(() -> Peers.llama(Optional.of(silent), List.of(), 5)).isInstanceOf(NotRunException.class);
    String hanging = program("hanging", "exec sleep 60");
    assertThatThrownBy(() -> Peers.llama(Optional.of(hanging), List.of(), 1)).hasMessageContaining("longer than 1 s");
  }

  @Test
  void torchRunsThroughItsScriptWhereItCanBeImported() throws IOException {
    Path script = Files.writeString(folder.resolve("peers.py"), "");
    String python = program("python", "test \"$1\" = -c && exit 0; echo '{\"source\": \"torch\", \"kernel\": \"decode\", \"status\": \"measured\", \"tokens_per_s\": 12.5}'");
    ArrayNode rows = Peers.torch(List.of(python), script, 30);
    assertThat(rows).hasSize(1);
    assertThat(rows.get(0).path("tokens_per_s").asDouble()).isEqualTo(12.5);
    assertThat(rows.get(0).path("engine").asText()).isEqualTo("torch");
    String without = program("without", "exit 1");
    assertThatThrownBy(() -> Peers.torch(List.of(without), script, 30)).hasMessageContaining("import torch");
  }

  @Test
  void everyAbsentPeerHasARow() throws IOException {
    String without = program("without", "exit 1");
    ArrayNode rows = Peers.run(Optional.empty(), List.of(), List.of(without), folder.resolve("peers.py"), 5);
    assertThat(rows).hasSize(2).allSatisfy(row -> assertThat(row.path("status").asText()).startsWith("not run: "));
  }
}

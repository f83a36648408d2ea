package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.DType;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.GgufType;
import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.tokenizer.SharedData;
import dev.gatun.tck.oracle.Errors;
import dev.gatun.tck.oracle.Formats;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizeCommandTest {
  @TempDir static Path folder;

  private static double[] values(GgufTensor tensor) {
    return Formats.decode(tensor.dtype(), tensor.data(), 0, Stream.of(tensor.shape()).mapToLong(shape -> {
      long elements = 1;
      for (long size : shape) {
        elements *= size;
      }
      return elements;
    }).sum());
  }

  @ParameterizedTest
  @CsvSource({"q8_0, Q8_0, 7", "q4_0, Q4_0, 2", "q5_1, Q5_1, 9"})
  void matricesAreRoundedAsTheReferenceRoundsAndTheRestIsKept(String type, DType dtype, int fileType) throws Exception {
    Path in = ModelFiles.whole(folder);
    Path out = folder.resolve(type + ".gguf");
    Ran ran = Ran.command("quantize", in, out, type);
    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
    try (Gguf before = Gguf.open(in); Gguf after = Gguf.open(out)) {
      assertThat(after.entries()).hasSameSizeAs(before.entries());
      for (GgufTensor tensor : before.tensors()) {
        GgufTensor found = after.tensor(tensor.name()).orElseThrow();
        assertThat(found.shape()).isEqualTo(tensor.shape());
        assertThat(found.dtype()).as(tensor.name()).isEqualTo(tensor.shape().length == 2 ? dtype : DType.F32);
        MemorySegment expected = tensor.shape().length == 2 ? Formats.encoded(dtype, values(tensor)) : tensor.data();
        assertThat(found.data().mismatch(expected)).as(tensor.name()).isEqualTo(-1);
      }
      assertThat(after.metadata().integer("general.file_type")).hasValue(fileType);
      assertThat(after.metadata().integer("general.quantization_version")).hasValue(2);
      for (String key : before.metadata().keys()) {
        if (!key.equals("general.file_type") && !key.startsWith("gatun.seeded.")) {
          assertThat(after.metadata().value(key)).as(key).isEqualTo(before.metadata().value(key));
        }
      }
    }
    assertThat(Ran.command("run", "--model", out, "--prompt", "a", "-n", "2", "-q").code()).isZero();
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.filter(file -> file.toString().endsWith(".part"))).isEmpty();
    }
  }

  @Test
  void errorsAreThoseOfTheBytesWritten() {
    Path in = matrices("large.gguf", 64, 512);
    Path out = folder.resolve("large-q4_k.gguf");
    JsonNode json = Ran.command("quantize", in, out, "Q4_K", "--json").json();
    assertThat(json.get("type").asText()).isEqualTo("q4_k");
    try (Gguf before = Gguf.open(in); Gguf after = Gguf.open(out)) {
      double bits = 8.0 * after.entries().stream().mapToLong(entry -> entry.bytes()).sum();
      int elements = before.tensors().stream().mapToInt(tensor -> values(tensor).length).sum();
      assertThat(json.get("bits_per_weight").asDouble()).isCloseTo(bits / elements, within(1e-9));
      for (JsonNode row : json.get("tensors")) {
        String name = row.get("name").asText();
        if (!row.has("nmse")) {
          assertThat(row.get("to")).isEqualTo(row.get("from"));
          continue;
        }
        double[] exact = values(before.tensor(name).orElseThrow());
        double[] rounded = values(after.tensor(name).orElseThrow());
        double largest = 0;
        for (int i = 0; i < exact.length; i++) {
          largest = Math.max(largest, Math.abs(exact[i] - rounded[i]));
        }
        assertThat(row.get("nmse").asDouble()).isCloseTo(Errors.between(exact, rounded).nmse(), within(1e-9)).isBetween(1e-3, 8e-3);
        assertThat(row.get("max_error").asDouble()).isCloseTo(largest, within(1e-6));
        assertThat(row.get("bits_per_weight").asDouble()).isEqualTo(4.5);
      }
    }
  }

  @Test
  void rowsThatBlocksDoNotFitGetAnotherTypeAndANote() {
    Path in = matrices("odd.gguf", 96, 40);
    Ran ran = Ran.command("quantize", in, folder.resolve("odd-q4_k.gguf"), "q4_k");
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).contains("rows of 96 elements are no multiple of 256: Q5_0 instead of Q4_K").contains("rows of 40 elements", "F16 instead of Q4_K")
        .contains("a_norm.weight", "kept").contains("all rounded: NMSE");
    try (Gguf after = Gguf.open(folder.resolve("odd-q4_k.gguf"))) {
      Map<String, GgufType> types = new TreeMap<>();
      after.entries().forEach(entry -> types.put(entry.name(), entry.type()));
      assertThat(types).isEqualTo(Map.of("a_norm.weight", GgufType.F32, "b.weight", GgufType.Q5_0, "c.weight", GgufType.F16, "d.bias", GgufType.F32,
          "blk.0.ffn_gate_inp.weight", GgufType.F32, "e_exps.weight", GgufType.Q5_0));
    }
  }

  @Test
  void mixesGiveTheOutputAndSensitiveMatricesMoreBits() {
    GgufWriter writer = new GgufWriter().string("general.architecture", "llama").uint32("llama.block_count", 2);
    for (String name : new String[] {"token_embd.weight", "output.weight", "blk.0.attn_v.weight", "blk.0.attn_q.weight", "blk.1.ffn_down.weight"}) {
      put(writer, name, 4, 256);
    }
    Path in = folder.resolve("named.gguf");
    writer.write(in);
    Path out = folder.resolve("named-q5_k_m.gguf");
    assertThat(Ran.command("quantize", in, out, "q5_k_m").code()).isZero();
    try (Gguf after = Gguf.open(out)) {
      assertThat(after.entries()).extracting(entry -> entry.name() + " " + entry.type()).containsExactly("token_embd.weight Q5_K", "output.weight Q6_K",
          "blk.0.attn_v.weight Q5_K", "blk.0.attn_q.weight Q5_K", "blk.1.ffn_down.weight Q6_K");
      assertThat(after.metadata().integer("general.file_type")).hasValue(17);
    }
  }

  @Test
  void aFileThatIsRoundedAlreadyIsTakenWithAWarning() {
    Path in = ModelFiles.whole(folder);
    Path once = folder.resolve("once.gguf");
    assertThat(Ran.command("quantize", in, once, "q8_0").code()).isZero();
    Ran twice = Ran.command("quantize", once, folder.resolve("twice.gguf"), "q4_0");
    assertThat(twice.code()).isZero();
    assertThat(twice.err()).startsWith("gatun: " + once + " is rounded already").contains("in Q8_0").hasLineCount(1);
    Ran same = Ran.command("quantize", once, folder.resolve("same.gguf"), "q8_0");
    assertThat(same.err()).isEmpty();
    assertThat(same.out()).contains("kept").doesNotContain("->");
  }

  @Test
  void aFileThatIsThereIsReplacedOnlyByForceAndNeverTheSource() throws Exception {
    Path in = ModelFiles.whole(folder);
    Path out = Files.writeString(folder.resolve("mine.gguf"), "mine");
    Ran refused = Ran.command("quantize", in, out, "q8_0");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("mine.gguf: the file is there already; --force replaces it").hasLineCount(1);
    assertThat(out).hasContent("mine");
    assertThat(Ran.command("quantize", in, out, "q8_0", "--force").code()).isZero();
    assertThat(Ran.command("info", "--model", out).code()).isZero();
    Ran itself = Ran.command("quantize", in, in, "q8_0", "--force");
    assertThat(itself.code()).isEqualTo(2);
    assertThat(itself.err()).contains("OUT is IN").hasLineCount(1);
  }

  @Test
  void whatCannotBeReadOrWrittenIsOneLine() throws Exception {
    Path in = ModelFiles.whole(folder);
    for (Ran ran : new Ran[] {Ran.command("quantize", folder.resolve("nosuch.gguf"), folder.resolve("x.gguf"), "q8_0"),
        Ran.command("quantize", in, folder.resolve("no/such.gguf"), "q8_0"),
        Ran.command("quantize", Files.writeString(folder.resolve("text.gguf"), "text"), folder.resolve("x.gguf"), "q8_0")}) {
      assertThat(ran.code()).isEqualTo(1);
      assertThat(ran.err()).startsWith("gatun: ").hasLineCount(1);
    }
    assertThat(folder.resolve("x.gguf")).doesNotExist();
  }

  /** llama.cpp made the second file of the first. */
  @ParameterizedTest
  @ValueSource(strings = {"stories260K Q8_0", "stories260K Q4_0"})
  void bytesAreThoseOfLlamaCppsQuantizer(String names) {
    String model = names.split(" ")[0];
    String type = names.split(" ")[1];
    Path reference = SharedData.file("models/" + model + "-" + type + ".gguf");
    Path out = folder.resolve(model + "-ours-" + type + ".gguf");
    assertThat(Ran.command("quantize", SharedData.file("models/" + model + "-F32.gguf"), out, type).code()).isZero();
    int compared = 0;
    try (Gguf theirs = Gguf.open(reference); Gguf ours = Gguf.open(out)) {
      for (GgufTensor tensor : theirs.tensors()) {
        if (tensor.dtype().name().equals(type)) {
          assertThat(ours.tensor(tensor.name()).orElseThrow().data().mismatch(tensor.data())).as(tensor.name()).isEqualTo(-1);
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(20);
  }

  @ParameterizedTest
  @ValueSource(strings = {"q8_0", "q4_0", "q4_k", "q6_k"})
  void aStoryIsToldByRoundedWeightsToo(String type) {
    Path out = folder.resolve("story-" + type + ".gguf");
    assertThat(Ran.command("quantize", SharedData.file("models/stories260K-F32.gguf"), out, type).code()).isZero();
    Ran ran = Ran.command("run", "--model", out, "--prompt", "Once upon a time", "-n", "16", "--temp", "0", "-q");
    assertThat(ran.out()).contains("there was a little girl named Lily");
  }

  private static Path matrices(String name, int columns, int others) {
    GgufWriter writer = new GgufWriter().string("general.architecture", "none");
    put(writer, "a_norm.weight", columns);
    put(writer, "b.weight", 7, columns == 64 ? 256 : columns);
    put(writer, "c.weight", 3, others);
    put(writer, "d.bias", columns);
    put(writer, "blk.0.ffn_gate_inp.weight", 4, 256);
    put(writer, "e_exps.weight", 2, 3, columns == 64 ? 256 : columns);
    Path file = folder.resolve(name);
    writer.write(file);
    return file;
  }

  private static void put(GgufWriter writer, String name, long... shape) {
    int elements = 1;
    for (long size : shape) {
      elements *= Math.toIntExact(size);
    }
    MemorySegment bytes = Formats.encoded(DType.F32, Inputs.normal(name.hashCode(), elements, 0.1));
    writer.tensor(name, DType.F32, shape, (offset, chunk) -> MemorySegment.copy(bytes, offset, chunk, 0, chunk.byteSize()));
  }
}

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels for warpgroups have the instructions that they are written for: else they would be right, and slow. */
class WarpgroupCodeTest {
  private static final Path ROOT = Path.of("").toAbsolutePath();
  private static final Pattern ENTRY = Pattern.compile("\\.entry\\s+(\\w+)\\s*\\(");
  private static final Pattern LINE_OF_CODE = Pattern.compile("(?m)^\\s*(?:@%?!?\\w+\\s+)?([a-z][\\w.:]*)");

  static List<String> units() throws IOException {
    try (Stream<Path> files = Files.list(ROOT.resolve("kernels"))) {
      return files.map(file -> file.getFileName().toString()).filter(name -> name.contains("_warpgroup") && name.endsWith(".cu")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("units")
  void everyKernelUsesWarpgroupProductsAndBulkCopies(String unit) throws IOException {
    Map<String, List<String>> kernels = kernels(Files.readString(ptx(unit)));
    assertThat(kernels).as("kernels of " + unit).isNotEmpty();
    kernels.forEach((name, instructions) -> assertThat(instructions).as(name)
        .anyMatch(instruction -> instruction.startsWith("wgmma.mma_async"))
        .anyMatch(instruction -> instruction.startsWith("cp.async.bulk")));
  }

  @Test
  void instructionsAreTakenFromTheKernelThatHasThem() {
    Map<String, List<String>> kernels = kernels("""
        .visible .entry gatun_one(
          .param .align 8 .b8 p[8]
        )
        {
          // wgmma.mma_async in a comment
          @%p1 bra DONE;
          wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f1}, %rd1, %rd2, 1, 1, 1, 0, 0;
        DONE:
          ret;
        }
        .visible .entry gatun_two(.param .b64 p)
        {
          cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%r1], [%rd1, {%r2, %r3}], [%r4];
        }
        """);
    assertThat(kernels.get("gatun_one")).anyMatch(i -> i.startsWith("wgmma.mma_async")).noneMatch(i -> i.startsWith("cp.async.bulk"));
    assertThat(kernels.get("gatun_two")).anyMatch(i -> i.startsWith("cp.async.bulk")).noneMatch(i -> i.startsWith("wgmma"));
  }

  private static Path ptx(String unit) throws IOException {
    Optional<Path> nvcc = Stream.of("nvcc", "/usr/local/cuda/bin/nvcc").flatMap(name -> Command.find(name).stream()).findFirst();
    Assumptions.assumeTrue(nvcc.isPresent(), "no nvcc: whether " + unit + " uses the instructions of sm_90a was NOT looked at");
    Digest key = new Digest().add(nvcc.orElseThrow().toString());
    new Sources(ROOT).digest(key, "kernels/" + unit, Nvcc.INCLUDES);
    // Compiling takes a minute, and what has not changed needs it once.
    Path out = ROOT.resolve("target/ptx").resolve(unit + "-" + key.hex() + ".ptx");
    if (Files.exists(out)) {
      return out;
    }
    Files.createDirectories(out.getParent());
    Command.Result result = Command.run(ROOT, 10, List.of(nvcc.orElseThrow().toString(), "-ptx", "-std=c++17", "-O3", "-Iinclude", "-arch=compute_90a",
        "kernels/" + unit, "-o", out + ".part.ptx"));
    assertThat(result.failed()).as(result.output()).isFalse();
    return Files.move(Path.of(out + ".part.ptx"), out, StandardCopyOption.ATOMIC_MOVE);
  }

  /** What each kernel of a unit executes. */
  private static Map<String, List<String>> kernels(String ptx) {
    Map<String, List<String>> kernels = new TreeMap<>();
    Matcher entry = ENTRY.matcher(ptx);
    List<Integer> starts = new ArrayList<>();
    while (entry.find()) {
      starts.add(entry.start());
    }
    for (int i = 0; i < starts.size(); i++) {
      String body = ptx.substring(starts.get(i), i + 1 < starts.size() ? starts.get(i + 1) : ptx.length());
      Matcher name = ENTRY.matcher(body);
      if (name.find()) {
        kernels.put(name.group(1), LINE_OF_CODE.matcher(body.replace("{", "{\n")).results().map(line -> line.group(1)).toList());
      }
    }
    return kernels;
  }
}

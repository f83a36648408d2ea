package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DriverFunctionsTest {
  private static final Path HEADER = Path.of("/usr/local/cuda/include/cuda.h");

  private final Driver empty = new Driver(new DynamicLibrary("libnothing.so", name -> Optional.empty()), "libnothing.so, a driver for CUDA 11.4");

  @Test
  void theListForTheEmulatorNamesEveryFunctionThatIsLookedUp() throws IOException {
    List<String> lookedUp = Stream.concat(empty.required().stream().map(e -> "required " + e.name()), empty.optional().stream().map(e -> "optional " + e.name()))
        .toList();

    assertThat(Files.readAllLines(list()).stream().filter(line -> !line.startsWith("#")).toList()).containsExactlyInAnyOrderElementsOf(lookedUp);
  }

  /** The header is the truth about the parameters; the versions in its names are those that the library exports. */
  @Test
  void everyShapeIsThatOfTheDeclarationInTheToolkitsHeader() throws IOException {
    assumeTrue(Files.exists(HEADER), "no CUDA toolkit to compare with");
    String header = Files.readString(HEADER).replaceAll("(?s)/\\*.*?\\*/", " ").replaceAll("//[^\n]*", " ");
    Map<String, String> shapes = new TreeMap<>();
    Map<String, String> exported = new TreeMap<>();
    Matcher defined = Pattern.compile("#define (cu\\w+)\\s+(?:__CUDA_API_PT[DS]Z?\\()?(cu\\w+)").matcher(header);
    while (defined.find()) {
      exported.putIfAbsent(defined.group(2), defined.group(1));
    }
    Matcher m = Pattern.compile("CUresult CUDAAPI (\\w+)\\s*\\(([^)]*)\\)\\s*;").matcher(header);
    while (m.find()) {
      shapes.putIfAbsent(m.group(1), shape(m.group(2)));
    }
    for (Entry entry : Stream.concat(empty.required().stream(), empty.optional().stream()).toList()) {
      if (entry.name().equals("cuStreamGetCaptureInfo_v2")) {
        // CUDA 13's header has the third form only, with one more parameter, for edges; its driver exports the second one too.
        assertThat(shapes.get("cuStreamGetCaptureInfo")).isEqualTo("LLLLLLL");
        continue;
      }
      String declared = shapes.getOrDefault(exported.getOrDefault(entry.name(), entry.name()), shapes.get(entry.name()));
      assertThat(entry.shape()).as(entry.name()).isEqualTo(declared);
    }
  }

  @Test
  void aMissingFunctionIsAnErrorWhenItIsUsedAndSaysWhere() {
    assertThatThrownBy(() -> Downcall.call(empty.cuCtxSynchronize))
        .isInstanceOf(CudaUnavailableException.class)
        .hasMessage("cuCtxSynchronize is not in libnothing.so, a driver for CUDA 11.4; install a newer version to use it");
  }

  @Test
  void aCallWithAWrongShapeIsCaught() {
    assertThatThrownBy(() -> Downcall.call(empty.cuMemFree_v2, 1)).isInstanceOf(AssertionError.class).hasMessageContaining("takes L, not I");
  }

  private static String shape(String parameters) {
    if (parameters.isBlank() || parameters.strip().equals("void")) {
      return "";
    }
    return Stream.of(parameters.split(",")).map(String::strip).map(DriverFunctionsTest::letter).collect(Collectors.joining());
  }

  private static String letter(String parameter) {
    String type = parameter.replaceFirst("\\w+$", "").replace("const", "").strip();
    if (parameter.contains("*") || parameter.contains("[")) {
      return "L";
    }
    return switch (type) {
      case "int", "unsigned int", "unsigned char", "unsigned short", "CUdevice", "cuuint32_t", "CUresult" -> "I";
      case "size_t", "CUdeviceptr", "CUcontext", "CUmodule", "CUfunction", "CUstream", "CUevent", "CUgraph", "CUgraphExec", "CUgraphNode",
          "CUmemoryPool", "CUhostFn", "cuuint64_t", "unsigned long long" -> "L";
      case "CUdevice_attribute", "CUfunction_attribute", "CUmemPool_attribute", "CUstreamCaptureMode" -> "I";
      default -> type.startsWith("CUtensorMap") ? "I" : "(" + type + ")";
    };
  }

  private static Path list() {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      Path list = folder.resolve("native/cuda/emulator/driver-functions.txt");
      if (Files.exists(list)) {
        return list;
      }
    }
    throw new IllegalStateException("the working directory is not inside the repository");
  }
}

package dev.gatun.c;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class HeaderTest {
  private static final int BLOCK_TYPES = 15;

  /** What the C compiler says. */
  @SuppressWarnings("restricted")
  private static Map<String, Long> compiled() throws Throwable {
    Map<String, Long> entries = new TreeMap<>();
    SymbolLookup library = SymbolLookup.libraryLookup(Native.library("layouts"), Arena.global());
    MethodHandle layout = Linker.nativeLinker().downcallHandle(library.find("layout").orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
      for (int i = 0; (int) layout.invokeExact(i, name, value) != 0; i++) {
        entries.put(Structs.text(MemorySegment.ofAddress(name.get(ValueLayout.JAVA_LONG, 0)).reinterpret(100)),
            value.get(ValueLayout.JAVA_LONG, 0));
      }
    }
    return entries;
  }

  @Test
  void javaLaysStructsOutAsTheCompilerDoes() throws Throwable {
    Map<String, Long> ours = new TreeMap<>();
    for (Map.Entry<String, StructLayout> struct : Structs.ALL.entrySet()) {
      ours.put(struct.getKey(), struct.getValue().byteSize());
      for (MemoryLayout field : struct.getValue().memberLayouts()) {
        String name = field.name().orElseThrow();
        ours.put(struct.getKey() + "." + name, struct.getValue().byteOffset(PathElement.groupElement(name)));
      }
    }
    Map<String, Long> theirs = compiled();
    theirs.keySet().removeIf(name -> name.startsWith("GATUN"));
    assertThat(ours).isEqualTo(theirs);
  }

  @Test
  void javaCountsTypesAndVersionsAsTheHeaderDoes() throws Throwable {
    Map<String, Long> ours = new TreeMap<>(Map.of("GATUN_BACKEND_VERSION", (long) CLibrary.VERSION));
    for (DType type : DType.values()) {
      ours.put("GATUN_" + type.name(), (long) type.ordinal());
    }
    Map<String, Long> theirs = compiled();
    theirs.keySet().removeIf(name -> !name.startsWith("GATUN"));
    assertThat(ours).isEqualTo(theirs);
  }

  @Test
  void theHeaderQuotesTheBlocksOfEveryType() throws IOException {
    List<MatchResult> blocks = Pattern.compile("GATUN_(\\w+) = \\d+,? +/\\* (\\d+), (\\d+) \\*/").matcher(header()).results().toList();
    assertThat(blocks).hasSize(BLOCK_TYPES).allSatisfy(block -> {
      DType type = DType.of(block.group(1)).orElseThrow();
      assertThat(type.blockSize()).isEqualTo(Integer.parseInt(block.group(2)));
      assertThat(type.blockBytes()).isEqualTo(Integer.parseInt(block.group(3)));
    });
  }

  @Test
  void itIsPlainC99AndTravelsInTheJar() throws IOException {
    Path alone = Files.writeString(Path.of("target", "alone.c"), "#include \"gatun_backend.h\"\n");
    Native.compile(List.of("-fsyntax-only", alone.toString()));
    assertThat(CBackendProvider.class.getResourceAsStream("/META-INF/gatun/c/gatun_backend.h")).isNotNull();
  }

  static String header() throws IOException {
    return Files.readString(Native.HEADERS.resolve("gatun_backend.h"));
  }
}

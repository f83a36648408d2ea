package dev.gatun.tornado.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What TornadoVM's compilers cannot take is found in the kernels' bytecode, without TornadoVM. */
class KernelCodeTest {
  private static final Path KERNELS = classes(Kernel.class).resolve("dev/gatun/tornado/kernel");
  private static final KernelCode BAD = new KernelCode(
      List.of(classes(KernelCodeTest.class).resolve("dev/gatun/tornado/kernel/BadKernels.class")));

  private static Path classes(Class<?> one) {
    try {
      URI place = one.getProtectionDomain().getCodeSource().getLocation().toURI();
      return Path.of(place);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void nothingInAKernelIsBeyondTornadoVm() {
    KernelCode code = KernelCode.in(KERNELS);
    assertThat(code.kernels()).as("kernels found").hasSizeGreaterThanOrEqualTo(constants().size());
    assertThat(code.complaints(code.kernels())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      allocatesAnArray     | allocates an array other than by its context
      allocatesAnObject    | allocates java/lang/Object
      throwsSomething      | throws
      catchesSomething     | catches exceptions
      recurs               | calls itself
      makesALambda         | invokedynamic run
      locks                | locks
      asksForAClass        | asks for a class (instanceof)
      comparesReferences   | compares references
      readsAField          | uses the field BadKernels.counter
      writesAField         | uses the field BadKernels.counter
      callsTheLibrary      | calls Integer.bitCount
      reinterpretsBits     | calls Float.intBitsToFloat
      asksForASize         | calls IntArray.getSize
      callsMathForDoubles  | calls Math.sqrt
      usesDoubles          | uses doubles
      roundsThroughDoubles | uses doubles
      hasNan               | NaN
      hasAString           | a constant that is no number
      handsOnALocalArray   | takes a local array
      takesAJavaArray      | takes a Java array
      takesAnObject        | takes an object of String
      floor                | cannot be named 'floor'
      loopsInParallel      | uses the field BadKernels.counter
      waitsForItsClass     | no plain static method
      """)
  void eachRuleIsSeenToBeBroken(String kernel, String complaint) {
    List<String> said = bad().get(kernel);
    assertThat(said).as("complaints about %s among %s", kernel, bad().keySet()).isNotNull().anySatisfy(s -> assertThat(s).contains(complaint));
  }

  @Test
  void aKernelThatKeepsTheRulesIsLeftInPeace() {
    assertThat(BAD.kernels()).extracting(KernelCode.Id::name).contains("good").doesNotContain("plus", "even", "first", "sink");
    assertThat(bad()).doesNotContainKeys("good").hasSize(BAD.kernels().size() - 1);
  }

  private static Map<String, List<String>> bad() {
    return BAD.complaints(BAD.kernels()).entrySet().stream().collect(Collectors.toMap(e -> e.getKey().name(), Map.Entry::getValue));
  }

  @Test
  void everyKernelHasANameOfItsOwnAndAMethodToBeFound() throws Exception {
    Map<String, Field> named = new HashMap<>();
    for (Field field : constants()) {
      field.setAccessible(true);
      String name = ((Kernel) field.get(null)).name();
      assertThat(named.put(name, field)).as("another kernel named %s than %s", name, field).isNull();
      assertThat(name).matches("[a-z0-9_]+");
    }
  }

  /** A kernel that no operator launches is never run by the suite. */
  @Test
  void everyKernelIsUsedByAnOperatorOrByTheDevice() throws Exception {
    Set<String> read = new TreeSet<>();
    try (Stream<Path> files = Files.walk(classes(Kernel.class).resolve("dev/gatun/tornado"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        ClassFile.of().parse(file).methods().stream().filter(m -> !m.methodName().equalsString("<clinit>") || !file.startsWith(KERNELS))
            .flatMap(m -> m.code().stream()).flatMap(c -> c.elementStream()).forEach(element -> {
              if (element instanceof FieldInstruction field && field.opcode() == Opcode.GETSTATIC) {
                read.add(field.owner().asInternalName().replace('/', '.') + "." + field.name().stringValue());
              }
            });
      }
    }
    assertThat(constants()).isNotEmpty().allSatisfy(field -> assertThat(read).contains(field.getDeclaringClass().getName() + "." + field.getName()));
  }

  /** Plans choose by what a kernel says of its local arrays; those that are divided have the largest form's sizes as constants. */
  @Test
  void kernelsSayWhatTheirLocalArraysTake() throws Exception {
    KernelCode code = KernelCode.in(KERNELS);
    Map<String, Set<Integer>> said = new HashMap<>();
    for (Field field : constants()) {
      field.setAccessible(true);
      said.computeIfAbsent(field.getDeclaringClass().getSimpleName(), _ -> new TreeSet<>()).add(((Kernel) field.get(null)).localBytes());
    }
    said.put("Products", Set.of(Products.rows(Products.Size.LARGE, Elements.F32, "f32").localBytes()));
    said.put("Tiles", Set.of(Tiles.of(Elements.F32, "f32").localBytes()));
    said.put("TileAttention", Set.of(TileAttention.DENSE.localBytes()));
    Map<String, Set<Integer>> found = new HashMap<>();
    code.kernels().forEach(kernel -> found.computeIfAbsent(kernel.owner().substring(kernel.owner().lastIndexOf('/') + 1), _ -> new TreeSet<>())
        .add(code.localBytes(kernel)));
    assertThat(said).isEqualTo(found).containsEntry("Tiles", Set.of(24704)).containsEntry("Products", Set.of(41472));
    assertThat(Stream.of(TileAttention.DENSE_SMALL, Products.rows(Products.Size.SMALL, Elements.F32, "f32"))).extracting(Kernel::localBytes)
        .allSatisfy(bytes -> assertThat(bytes).isLessThanOrEqualTo(32 << 10));
  }

  /** The fields of the package that hold a kernel. */
  private static List<Field> constants() {
    List<Field> constants = new ArrayList<>();
    try (Stream<Path> files = Files.list(KERNELS)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).sorted().toList()) {
        String name = file.getFileName().toString();
        Class<?> type = Class.forName("dev.gatun.tornado.kernel." + name.substring(0, name.length() - ".class".length()));
        Stream.of(type.getDeclaredFields()).filter(field -> field.getType() == Kernel.class && Modifier.isStatic(field.getModifiers()))
            .forEach(constants::add);
      }
    } catch (IOException | ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
    return constants;
  }
}

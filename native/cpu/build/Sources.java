import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** The C sources, what each is compiled for, and the hash that tells whether they have changed. */
record Sources(Path root) {
  private static final List<String> COMMON = List.of("-std=c17", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off",
      "-fno-math-errno", "-Wall", "-Wextra", "-Werror", "-Iinclude", "-Isrc");
  private static final List<String> PLAIN = List.of("-march=x86-64");
  private static final List<String> AVX2 = List.of("-march=x86-64-v3");
  private static final List<String> AVX512_BF16 = List.of("-march=x86-64-v4", "-mavx512vnni", "-mavx512bf16");
  private static final List<String> AVX512 = List.of("-march=x86-64-v4", "-mavx512vnni");

  /** The flags of the processor that a source is for, which its name's ending tells. */
  static List<String> machine(String file) {
    return file.endsWith("_avx512bf16.c") ? AVX512_BF16 : file.endsWith("_avx512.c") ? AVX512 : file.endsWith("_avx2.c") ? AVX2 : PLAIN;
  }

  /** All flags of a source but its name and that of its object. */
  static List<String> flags(String file) {
    return Stream.concat(COMMON.stream(), machine(file).stream()).toList();
  }

  /** How the library is linked; names of objects and library aside. */
  static List<String> linking() {
    return List.of("-shared", "-s", "-Wl,-soname,libgatun_cpu.so", "-Wl,-z,noexecstack", "-Wl,-z,defs", "-Wl,-z,relro", "-Wl,-z,now");
  }

  /** Every set of flags for a processor. */
  static List<List<String>> machines() {
    return List.of(PLAIN, AVX2, AVX512, AVX512_BF16);
  }

  /** The C files, in order of their names, as {@code src/name.c}. */
  List<String> files() {
    return below("src", ".c");
  }

  /** A hash of all that the library is made of. */
  String hash(CCompiler compiler) {
    List<String> parts = new ArrayList<>(List.of(compiler.version(), linking().toString()));
    for (String file : Stream.of(below("include", ".h"), below("src", ".h"), files()).flatMap(List::stream).toList()) {
      parts.add(file);
      parts.add(file.endsWith(".c") ? flags(file).toString() : "");
      parts.add(sha256(read(root.resolve(file))));
    }
    return sha256(String.join("\n", parts).getBytes(StandardCharsets.UTF_8));
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BuildFailure("cannot read " + file, e);
    }
  }

  private List<String> below(String folder, String ending) {
    try (Stream<Path> files = Files.list(root.resolve(folder))) {
      return files.map(file -> root.relativize(file).toString()).filter(name -> name.endsWith(ending)).sorted().toList();
    } catch (IOException e) {
      throw new BuildFailure("cannot list " + root.resolve(folder), e);
    }
  }
}

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibraryBuildTest {
  @TempDir
  Path folder;

  private Path root;
  private Path resources;
  private Path library;

  @BeforeEach
  void writeSources() throws IOException {
    root = folder.resolve("cpu");
    resources = folder.resolve("target/classes").resolve(LibraryBuild.FOLDER);
    library = resources.resolve(LibraryBuild.PLATFORM).resolve(LibraryBuild.LIBRARY);
    Files.createDirectories(root.resolve("include"));
    Files.createDirectories(root.resolve("src"));
    Files.writeString(root.resolve("include/gatun_cpu.h"), "#define GATUN_CPU_ABI 7\nint answer(void);\n");
    Files.writeString(root.resolve("src/answer.c"), "#include \"gatun_cpu.h\"\n__attribute__((visibility(\"default\"))) int answer(void) { return 42; }\n");
  }

  private String build(String cc) {
    return new LibraryBuild(Options.parse(List.of("--root=" + root, "--target=" + folder.resolve("target"), "--cc=" + cc))).run("Linux", "amd64");
  }

  private static void assumeCompiler() {
    assumeTrue(LibraryBuild.unsupported(System.getProperty("os.name"), System.getProperty("os.arch")).isEmpty() && CCompiler.find(Optional.of("gcc")).isPresent());
  }

  @Test
  void aSourceIsCompiledForWhatItsNameSays() {
    assertThat(Sources.machine("src/product_avx512.c")).startsWith("-march=x86-64-v4").contains("-mavx512vnni");
    assertThat(Sources.machine("src/product_avx512bf16.c")).contains("-mavx512bf16");
    assertThat(Sources.machine("src/product_avx512.c")).doesNotContain("-mavx512bf16");
    assertThat(Sources.machine("src/product_avx2.c")).containsExactly("-march=x86-64-v3");
    assertThat(Sources.machine("src/library.c")).containsExactly("-march=x86-64");
    assertThat(Sources.flags("src/product_avx512.c")).contains("-Werror", "-ffp-contract=off").doesNotContain("-ffast-math", "-march=native");
  }

  @Test
  void aCompilerIsNamedByItsVersionLine() {
    assertThat(CCompiler.name("gcc (Debian 12.2.0-14+deb12u1) 12.2.0")).isEqualTo("gcc 12.2.0");
    assertThat(CCompiler.name("gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0")).isEqualTo("gcc 11.4.0");
    assertThat(CCompiler.name("Debian clang version 14.0.6")).isEqualTo("clang 14.0.6");
  }

  @Test
  void theJarSaysWhyItHoldsNoLibrary() throws IOException {
    Files.createDirectories(library.getParent());
    Files.writeString(library, "an older library");
    assertThat(build("none")).isEqualTo("cpu kernels: not built: " + CCompiler.ABSENT).doesNotContain("\n");
    assertThat(library).doesNotExist();
    assertThat(resources.resolve("reason")).hasContent(CCompiler.ABSENT);
    LibraryBuild build = new LibraryBuild(Options.parse(List.of("--root=" + root, "--target=" + folder.resolve("target"))));
    assertThat(build.run("Mac OS X", "aarch64")).contains("Linux on x86-64").contains("Mac OS X on aarch64");
  }

  @Test
  void aCompilerAskedForByNameMustBeThere() {
    assertThatThrownBy(() -> build("no-such-cc -m64")).isInstanceOf(BuildFailure.class).hasMessageContaining("no-such-cc -m64 is not there").hasMessageContaining("-Dgatun.cc");
    assertThatThrownBy(() -> Options.parse(List.of("--root=" + folder))).isInstanceOf(BuildFailure.class).hasMessageContaining("native/cpu");
    assertThatThrownBy(() -> Options.parse(List.of("--nosuch=1"))).isInstanceOf(BuildFailure.class).hasMessageContaining("--nosuch=1");
  }

  @Test
  void aLibraryIsBuiltOnceAndAgainWhenASourceOrHeaderChanged() throws IOException {
    assumeCompiler();
    assertThat(build("gcc")).startsWith("cpu kernels: 1 sources by gcc ");
    byte[] first = Files.readAllBytes(library);
    Properties facts = new Properties();
    facts.load(new StringReader(Files.readString(library.resolveSibling("libgatun_cpu.properties"))));
    assertThat(facts).containsEntry("abi", "7").containsEntry("sha256", Sources.sha256(first)).containsEntry("size", String.valueOf(first.length));
    assertThat(facts.getProperty("compiler")).matches("gcc [0-9.]+");

    assertThat(build("gcc")).startsWith("cpu kernels: unchanged");
    Files.writeString(root.resolve("src/private.h"), "#define UNUSED 1\n");
    assertThat(build("gcc")).doesNotContain("unchanged");
    assertThat(library).hasBinaryContent(first);
    Files.writeString(library, "damaged");
    assertThat(build("gcc")).doesNotContain("unchanged");
    assertThat(library).hasBinaryContent(first);
  }

  @Test
  void aWarningEndsTheBuildWithTheFilesName() throws IOException {
    assumeCompiler();
    Files.writeString(root.resolve("src/answer.c"), "int answer(void) { int unused; return 42; }\n");
    assertThatThrownBy(() -> build("gcc")).isInstanceOf(BuildFailure.class).hasMessageContaining("src/answer.c: gcc").hasMessageContaining("unused");
  }
}

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The goal with compilers that only note how they were called. */
class FatbinsGoalTest {
  private static final String MANIFEST = "gatun-cuda-manifest\t1\nkernel\tnorms\tgatun_norm\tthreads=256\tparams=8\ndtype\tF32\t0\n";

  @TempDir
  Path folder;

  @BeforeEach
  void layOut() throws IOException {
    write("root/kernels/norms.cu", "#include \"gatun/platform.cuh\"\n");
    write("root/include/gatun/platform.cuh", "// the dialect\n");
    write("emulator/META-INF/gatun/cuda-emulator/manifest", MANIFEST);
    program("g++", "echo g++ 12.2.0");
    program("nvcc", """
        case "$1" in
          --version) echo "Cuda compilation tools, release 13.0, V13.0.88" ;;
          --list-gpu-arch) printf 'compute_75\\ncompute_80\\ncompute_90\\n' ;;
          *) echo "$@" >>"$(dirname "$0")/calls"
             while [ "$1" != -o ]; do shift; done
             echo image >"$2"
             echo "ptxas info    : Compiling entry function 'gatun_norm' for 'sm_80'"
             echo "    $(cat "$(dirname "$0")/frame") bytes stack frame, 0 bytes spill stores, 0 bytes spill loads"
             echo "ptxas info    : Used 32 registers, used 1 barriers, 32 bytes smem" ;;
        esac
        """);
    write("bin/frame", "0");
  }

  @Test
  void writesImagesAndTheirManifest() throws IOException {
    run();
    assertThat(read("norms.fatbin")).isEqualTo("image\n");
    assertThat(read("manifest"))
        .startsWith("gatun-cuda-manifest\t1\ntoolkit\t13.0.88\ndriver\t580\narchitecture\tsm_80\narchitecture\tsm_90a\n")
        .contains("unit\tnorms\tnorms.fatbin\t" + Digest.of("image\n".getBytes(StandardCharsets.UTF_8)) + "\n")
        .contains("kernel\tnorms\tgatun_norm\tthreads=256\tparams=8\n");
    assertThat(calls()).singleElement().asString().contains("-Werror all-warnings", "code=[sm_80,compute_80]").doesNotContain("compute_75");
  }

  @Test
  void compilesAgainOnlyWhatHasChanged() throws IOException {
    run();
    run();
    assertThat(calls()).hasSize(1);
    write("root/include/gatun/platform.cuh", "// the dialect, bettered\n");
    run();
    assertThat(calls()).as("a header has changed").hasSize(2);
    run("--release=true");
    assertThat(calls()).as("flags have changed").hasSize(3);
    assertThat(calls().getLast()).contains("code=[sm_75,compute_75]").doesNotContain("sm_120");
    program("g++", "echo g++ 13.1.0");
    run();
    assertThat(calls()).as("the compiler beside nvcc has changed").hasSize(4);
  }

  @Test
  void reportsOfACachedBuildAreComplete() throws IOException {
    run();
    String report = Files.readString(folder.resolve("target/kernel-report.txt"));
    Files.delete(folder.resolve("target/kernel-report.txt"));
    run();
    assertThat(Files.readString(folder.resolve("target/kernel-report.txt"))).isEqualTo(report).contains("gatun_norm");
  }

  @Test
  void aSpillFailsTheBuildAndIsReported() throws IOException {
    write("bin/frame", "48");
    assertThatThrownBy(this::run).isInstanceOf(BuildFailure.class).hasMessageContaining("gatun_norm sm_80: 48 bytes of stack");
    assertThat(folder.resolve("target/kernel-report.txt")).exists();
    write("root/spills.txt", "gatun_norm sm_80 a frame for the test\n");
    run();
  }

  @Test
  void aKernelThatTakesMoreThanRecordedFailsUntilItIsRecorded() throws IOException {
    run();
    assertThatThrownBy(() -> run("--record=true", "--architectures=sm_80")).isInstanceOf(BuildFailure.class).hasMessageContaining("sm_90a");
    run("--record=true");
    Path file = folder.resolve("root/resources.txt");
    String recorded = Files.readString(file);
    assertThat(recorded).contains("toolkit 13.0.88").contains("gatun_norm");
    run();
    Files.writeString(file, recorded.replace(" 32 ", " 24 "));
    assertThatThrownBy(this::run).isInstanceOf(BuildFailure.class).hasMessageContaining("gatun_norm sm_80: registers 24 -> 32");
    Files.writeString(file, recorded.replace(" 32 ", " 24 ").replace("13.0.88", "12.9.41"));
    run();
  }

  @Test
  void kernelsThatDifferFromTheEmulatorsFail() throws IOException {
    write("emulator/META-INF/gatun/cuda-emulator/manifest", MANIFEST + "kernel\tnorms\tgatun_host_only\tthreads=32\tparams=8\n");
    assertThatThrownBy(this::run).isInstanceOf(BuildFailure.class).hasMessageContaining("gatun_host_only");
  }

  @Test
  void withoutNvccTheJarSaysWhy() throws IOException {
    run();
    run("--nvcc=none");
    assertThat(read("reason")).startsWith("no nvcc").contains("-Dgatun.nvcc");
    assertThat(folder.resolve("target/classes/META-INF/gatun/cuda/norms.fatbin")).doesNotExist();
    run();
    assertThat(folder.resolve("target/classes/META-INF/gatun/cuda/reason")).doesNotExist();
  }

  @Test
  void withoutAHostCompilerTheJarSaysWhy() throws IOException {
    run("--cxx=none");
    assertThat(read("reason")).startsWith("nvcc needs a C++ compiler").contains("install g++");
  }

  @Test
  void withoutTheEmulatorsManifestTheJarSaysWhy() throws IOException {
    Files.delete(folder.resolve("emulator/META-INF/gatun/cuda-emulator/manifest"));
    run();
    assertThat(read("reason")).startsWith("no manifest of the kernels").contains("native/cuda/emulator");
  }

  @Test
  void aCompilerNamedThatIsNotThereFails() {
    assertThatThrownBy(() -> run("--nvcc=/nowhere/nvcc")).isInstanceOf(BuildFailure.class).hasMessageContaining("/nowhere/nvcc");
    assertThatThrownBy(() -> run("--cxx=/nowhere/g++")).isInstanceOf(BuildFailure.class).hasMessageContaining("/nowhere/g++");
  }

  @Test
  void theCompilersComplaintIsShownWithoutItsStatistics() throws IOException {
    program("nvcc", """
        case "$1" in
          --version) echo "Cuda compilation tools, release 13.0, V13.0.88" ;;
          --list-gpu-arch) echo compute_80 ;;
          *) echo "ptxas info    : 0 bytes gmem"
             echo "kernels/norms.cu(3): error: expected a ;"
             exit 2 ;;
        esac
        """);
    assertThatThrownBy(this::run).isInstanceOf(BuildFailure.class)
        .hasMessage("kernels/norms.cu: nvcc failed:\nkernels/norms.cu(3): error: expected a ;");
  }

  @Test
  void theEmulatorWithoutACompilerSaysWhy() throws IOException {
    write("root/emulator/src/a.cpp", "");
    new EmulatorGoal(Options.parse(options("--cxx=none"))).run();
    assertThat(Files.readString(folder.resolve("target/classes/META-INF/gatun/cuda-emulator/reason"))).startsWith("no C++ compiler")
        .contains("install g++");
    assertThat(EmulatorGoal.unsupported("Linux", "amd64")).isEmpty();
    assertThat(EmulatorGoal.unsupported("Mac OS X", "aarch64"))
        .hasValueSatisfying(reason -> assertThat(reason).contains("Mac OS X on aarch64"));
  }

  @Test
  void unknownOptionsAndVariantsAreRefused() {
    assertThatThrownBy(() -> Options.parse(List.of("fatbins", "--fast=yes"))).isInstanceOf(BuildFailure.class)
        .hasMessageContaining("--fast=yes");
    assertThatThrownBy(() -> Variant.named(List.of("msan"), List.of())).isInstanceOf(BuildFailure.class).hasMessageContaining("msan");
  }

  private void run(String... more) {
    new FatbinsGoal(Options.parse(options(more))).run();
  }

  private List<String> options(String... more) {
    List<String> options = new ArrayList<>(List.of("fatbins", "--root=" + folder.resolve("root"), "--target=" + folder.resolve("target"),
        "--emulator=" + folder.resolve("emulator"), "--cache=" + folder.resolve("cache"), "--nvcc=" + folder.resolve("bin/nvcc"),
        "--cxx=" + folder.resolve("bin/g++")));
    options.addAll(List.of(more));
    return options;
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(folder.resolve("bin/calls"));
  }

  private String read(String name) throws IOException {
    return Files.readString(folder.resolve("target/classes/META-INF/gatun/cuda").resolve(name));
  }

  private void program(String name, String script) throws IOException {
    write("bin/" + name, "#!/bin/sh\n" + script);
    assertThat(folder.resolve("bin/" + name).toFile().setExecutable(true)).isTrue();
  }

  private void write(String file, String text) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}

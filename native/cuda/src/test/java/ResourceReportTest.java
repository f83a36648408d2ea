import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ResourceReportTest {
  /** What ptxas 13.0 said of two kernels of a unit, one of which keeps 200 floats. */
  private static final String SPILLING = """
      ptxas info    : 0 bytes gmem
      ptxas info    : Compiling entry function 'gatun_stack' for 'sm_80'
      ptxas info    : Function properties for gatun_stack
          0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
      ptxas info    : Used 31 registers, used 0 barriers, 364 bytes cmem[0]
      ptxas info    : Compile time = 4.824 ms
      ptxas info    : Compiling entry function 'gatun_spill' for 'sm_80'
      ptxas info    : Function properties for gatun_spill
          2544 bytes stack frame, 3504 bytes spill stores, 3812 bytes spill loads
      ptxas info    : Used 64 registers, used 0 barriers, 2544 bytes cumulative stack size, 364 bytes cmem[0]
      ptxas info    : Compile time = 75.366 ms
      """;

  private static final String NORM = """
      ptxas info    : 0 bytes gmem
      ptxas info    : Compiling entry function 'gatun_rms_norm_256' for 'sm_100a'
      ptxas info    : Function properties for gatun_rms_norm_256
          0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
      ptxas info    : Used 30 registers, used 1 barriers, 48 bytes smem
      ptxas info    : Compile time = 36.241 ms
      ptxas info    : 0 bytes gmem
      ptxas info    : Compiling entry function 'gatun_rms_norm_256' for 'sm_90a'
      ptxas info    : Function properties for gatun_rms_norm_256
          0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
      ptxas info    : Used 32 registers, used 1 barriers, 32 bytes smem, 480 bytes cmem[0]
      """;

  /** A function that was not inlined comes after its kernel's own properties. */
  private static final String CALLING = """
      ptxas info    : Compiling entry function 'gatun_calls' for 'sm_75'
      ptxas info    : Function properties for gatun_calls
          0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
      ptxas info    : Function properties for _ZN5gatun4deepEi
          16 bytes stack frame, 8 bytes spill stores, 4 bytes spill loads
      ptxas info    : Used 40 registers, used 0 barriers
      """;

  @Test
  void readsRegistersSharedMemoryStackAndSpills() {
    assertThat(ResourceReport.parse(List.of(SPILLING, NORM)).usages()).containsExactly(
        new ResourceReport.Usage("gatun_rms_norm_256", "sm_90a", 32, 32, 0, 0, 0),
        new ResourceReport.Usage("gatun_rms_norm_256", "sm_100a", 30, 48, 0, 0, 0),
        new ResourceReport.Usage("gatun_spill", "sm_80", 64, 0, 2544, 3504, 3812),
        new ResourceReport.Usage("gatun_stack", "sm_80", 31, 0, 0, 0, 0));
  }

  @Test
  void countsSpillsOfCalledFunctionsForTheirKernel() {
    assertThat(ResourceReport.parse(List.of(CALLING)).usages())
        .containsExactly(new ResourceReport.Usage("gatun_calls", "sm_75", 40, 0, 16, 8, 4));
  }

  @Test
  void tableHasALineForEachKernelAndArchitecture() {
    String[] lines = ResourceReport.parse(List.of(SPILLING, NORM)).table().split("\n");
    assertThat(lines).hasSize(5);
    assertThat(lines[0].split(" {2,}")).containsExactly("kernel", "arch", "registers", "shared", "stack", "spill stores", "spill loads");
    assertThat(lines[3].split(" +")).containsExactly("gatun_spill", "sm_80", "64", "0", "2544", "3504", "3812");
  }

  @Test
  void aSpillThatIsNotListedIsRefused() {
    assertThat(ResourceReport.parse(List.of(SPILLING)).complaints(SpillList.parse("gatun_spill sm_90a for another architecture")))
        .containsExactly("gatun_spill sm_80: 2544 bytes of stack, 3504 of spill stores, 3812 of spill loads, "
            + "and native/cuda/spills.txt does not list it");
  }

  @Test
  void aStackFrameAloneIsRefusedToo() {
    String frame = SPILLING.replace("2544 bytes stack frame, 3504 bytes spill stores, 3812",
        "16 bytes stack frame, 0 bytes spill stores, 0");
    assertThat(ResourceReport.parse(List.of(frame)).complaints(SpillList.parse(""))).singleElement().asString()
        .startsWith("gatun_spill sm_80: 16 bytes");
  }

  @Test
  void aListedSpillIsAllowedUntilItIsGone() {
    SpillList list = SpillList.parse("# kernel, architecture, reason\n\ngatun_spill sm_80 keeps 200 values on purpose\n");
    assertThat(list.entries()).containsExactly(new SpillList.Entry("gatun_spill", "sm_80", "keeps 200 values on purpose", 3));
    assertThat(ResourceReport.parse(List.of(SPILLING)).complaints(list)).isEmpty();

    String mended = SPILLING.replace("2544 bytes stack frame, 3504 bytes spill stores, 3812",
        "0 bytes stack frame, 0 bytes spill stores, 0");
    assertThat(ResourceReport.parse(List.of(mended)).complaints(list))
        .containsExactly("spills.txt:3: gatun_spill no longer spills on sm_80; take the line away");
  }

  @Test
  void aListedArchitectureThatWasNotCompiledIsNotJudged() {
    assertThat(ResourceReport.parse(List.of(NORM)).complaints(SpillList.parse("gatun_rms_norm_256 sm_75 no tensor cores"))).isEmpty();
  }

  @Test
  void aListedKernelThatDoesNotExistIsRefused() {
    assertThat(ResourceReport.parse(List.of(NORM)).complaints(SpillList.parse("gatun_gone sm_80 once it was big")))
        .containsExactly("spills.txt:1: there is no kernel gatun_gone");
  }

  @Test
  void aLineWithoutAReasonIsRefused() {
    assertThatThrownBy(() -> SpillList.parse("gatun_spill sm_80")).isInstanceOf(BuildFailure.class).hasMessageContaining("spills.txt:1")
        .hasMessageContaining("reason");
  }
}

package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.DeviceException;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.Program;
import dev.gatun.Scale;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.spi.Plan;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A kernel that reads memory which is not there: freed behind the API's back, as no call of the API itself lets happen. */
class KernelFaultTest {
  private Map<String, Long> before = Map.of();

  @BeforeEach
  void count() {
    Emulator.assumeBuilt();
    Emulator.reset();
    before = Emulator.live();
  }

  @AfterEach
  void nothingIsLeft() {
    Emulator.reset();
    assertThat(Emulator.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"on", "off"})
  void aFaultNamesTheProgramAndTheKernelAndPoisons(String graph) {
    try (Backend backend = Gatun.open("cuda-emulated", BackendOptions.none().with("graph", graph)); Stream stream = backend.newStream()) {
      Tensor x = backend.tensor(new float[] {1, 2}, 1, 2);
      Tensor y = backend.allocate(DType.F32, 1, 2);
      Scale scale = new Scale(x, 2, y);
      String kernel = assertInstanceOf(Plan.class, backend.plan(scale)).kernel();
      Executable program = backend.compile(Program.builder("reader").input(x).output(y).add(scale).build());
      x.buffer().memory().free();
      Throwable failure = catchThrowable(() -> {
        stream.submit(program);
        stream.synchronize();
      });
      assertThat(failure).isInstanceOfSatisfying(DeviceException.class, e -> assertThat(e.isSticky()).isTrue())
          .hasMessageContaining("program reader").hasMessageContaining(kernel).hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS");
      assertThatThrownBy(() -> stream.readFloats(y)).isInstanceOf(DeviceException.class).hasMessageContaining("needs a new process")
          .hasMessageContaining("program reader");
      assertThatThrownBy(() -> backend.allocate(8)).isInstanceOf(DeviceException.class).hasMessageContaining("needs a new process");
    }
  }
}

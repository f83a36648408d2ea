package dev.gatun.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.BackendOptions;
import dev.gatun.DeviceException;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** What TornadoVM does not compile is an error that says so; it is not run as Java in its place. */
class BrokenKernelTest {

  /** OpenCL has no word for this NaN. */
  private static final Kernel NAN = new Kernel("of_nan", (g, id, a) -> g.task(id, BrokenKernelTest::ofNan, a.context(), a.integers(), a.floats(0)));

  /** The operand is an array for each of two parameters, of which one is no native array. */
  private static final Kernel OBJECT = new Kernel("of_objects",
      (g, id, a) -> g.task(id, BrokenKernelTest::ofObjects, a.context(), new Object(), a.floats(0)));

  private static void ofNan(KernelContext c, IntArray p, FloatArray x) {
    x.set(c.globalIdx, p.get(0) == 0 ? Float.NaN : 1);
  }

  private static void ofObjects(KernelContext c, Object any, FloatArray x) {
    x.set(c.globalIdx, any.hashCode());
  }

  private static void compile(Kernel kernel) {
    try (Machine machine = new Machine(TestDevice.here())) {
      TornadoMemory memory = machine.allocate(1024);
      machine.graph(List.of(Launch.of(kernel).integers(1).memory(memory.place(0)).over(Grid.items(4, 4))));
    }
  }

  @Test
  void aKernelThatTheDeviceDoesNotCompileIsAnErrorThatNamesIt() {
    Assumptions.assumeFalse(TestDevice.EMULATED, "Java has a word for NaN: only a device's compiler can refuse it");
    assertThatThrownBy(() -> compile(NAN)).isInstanceOf(DeviceException.class).hasMessageContaining("does not compile of_nan")
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1).doesNotContain("Stacktrace", "\u001b"));
  }

  @Test
  void aKernelThatTakesWhatNoDeviceHasIsAnErrorThatNamesIt() {
    assertThatThrownBy(() -> compile(OBJECT)).isInstanceOf(DeviceException.class).hasMessageContaining("does not compile of_objects")
        .hasMessageStartingWith("tornado: ").satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }

  @Test
  void bailingOutToJavaIsOffAndCannotBeTurnedOn() {
    assertThat(TestDevice.here()).isNotNull();
    String set = System.getProperty("tornado.recover.bailout");
    assertThat(set).isEqualTo("False");
    try {
      System.setProperty("tornado.recover.bailout", "True");
      assertThat(Installation.refusal(TestDevice.EMULATED, BackendOptions.none())).hasValueSatisfying(why -> assertThat(why).contains("-Dtornado.recover.bailout=True"));
    } finally {
      System.setProperty("tornado.recover.bailout", set);
    }
  }

  @Test
  void linesOfTornadoVmForOlderJavaAreRefused() {
    for (String old : List.of("4.0.1-jdk21", "2.0.0-jdk24")) {
      assertThat(Installation.otherLine(old, 25)).hasValueSatisfying(why -> assertThat(why).contains(old, "not for JDK 25", "use 5.2.0-jdk25"));
    }
    for (String other : List.of("5.2.0-jdk25", "7.0.1-jdk22plus", "of unknown version")) {
      assertThat(Installation.otherLine(other, 25)).isEmpty();
    }
  }

  @Test
  void aLineForOneJdkIsRefusedOnAnotherAndOneForLaterOnesServesThoseToo() {
    assertThat(Installation.otherLine("5.2.0-jdk25", 26)).hasValueSatisfying(why -> assertThat(why).contains("5.2.0-jdk25 runs on JDK 25 and this is 26;"));
    assertThat(Installation.otherLine("8.0.0-jdk27", 25)).hasValueSatisfying(why -> assertThat(why).contains("runs on JDK 27 and this is 25;"));
    assertThat(Installation.otherLine("9.0.0-jdk27plus", 25)).hasValueSatisfying(why -> assertThat(why).contains("runs on JDK 27 or later and this is 25;"));
    assertThat(Installation.otherLine("8.0.0-jdk27", 27)).isEmpty();
    assertThat(Installation.otherLine("7.0.1-jdk22plus", 26)).isEmpty();
  }
}

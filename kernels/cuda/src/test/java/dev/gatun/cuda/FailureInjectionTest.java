package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.DType;
import dev.gatun.DeviceException;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.Program;
import dev.gatun.Scale;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every driver call that a backend makes, from opening to closing, is told to fail in turn. */
class FailureInjectionTest {
  private static final String RELEASE = "cuDevicePrimaryCtxRelease_v2";
  private static final Map<Integer, String> RECOVERABLE = Map.of(Emulator.OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", Emulator.INVALID_VALUE,
      "CUDA_ERROR_INVALID_VALUE", Emulator.NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED");
  private static final Map<Integer, String> STICKY = Map.of(Emulator.ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", Emulator.LAUNCH_FAILED,
      "CUDA_ERROR_LAUNCH_FAILED");

  /** What gives something back: where that fails, the one thing is left with the driver. */
  private static final Set<String> ENDERS = Set.of("cuMemFree_v2", "cuStreamDestroy_v2", "cuEventDestroy_v2", "cuModuleUnload",
      "cuGraphDestroy", "cuGraphExecDestroy", RELEASE);

  private static Map<String, Long> clean = Map.of();
  private static float[] truth = {};

  @BeforeAll
  static void runClean() {
    Emulator.assumeBuilt();
    Emulator.reset();
    Map<String, Long> before = Emulator.calls();
    try (Backend backend = Gatun.open("cuda-emulated")) {
      truth = Scenario.run(backend);
    }
    clean = new TreeMap<>(Emulator.calls());
    before.forEach((function, calls) -> clean.merge(function, -calls, Long::sum));
    clean.values().removeIf(calls -> calls == 0);
  }

  private final List<Backend> backends = new ArrayList<>();

  /** Also where a test fails half-way, so that the next ones start from nothing. */
  @BeforeEach
  @AfterEach
  void forget() {
    Emulator.reset();
    backends.forEach(Backend::close);
    backends.clear();
  }

  static Set<String> functions() {
    return clean.keySet();
  }

  /** The first, the second and the last call, and one between. */
  private static List<Long> occurrences(String function) {
    long calls = clean.get(function);
    return List.of(1L, 2L, (calls + 2) / 2, calls).stream().filter(nth -> nth <= calls).distinct().toList();
  }

  @Test
  void theScenarioReachesAllThatABackendDoes() {
    assertThat(clean).containsKeys("cuInit", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuMemAlloc_v2", "cuMemFree_v2",
        "cuModuleLoadDataEx", "cuModuleGetFunction", "cuModuleUnload", "cuStreamCreateWithPriority", "cuStreamDestroy_v2",
        "cuStreamSynchronize", "cuStreamQuery", "cuMemcpyAsync", "cuMemsetD8Async", "cuMemsetD32Async", "cuStreamBeginCapture_v2",
        "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphLaunch", "cuGraphDestroy", "cuGraphExecDestroy",
        "cuLaunchKernelEx", "cuEventCreate", "cuEventRecord", "cuEventElapsedTime", "cuEventDestroy_v2", "cuFuncSetAttribute",
        RELEASE);
    assertThat(clean).containsKeys(ENDERS.toArray(String[]::new));
  }

  @ParameterizedTest
  @MethodSource("functions")
  void afterARecoverableFailureTheBackendGoesOn(String function) {
    for (long nth : occurrences(function)) {
      RECOVERABLE.forEach((code, name) -> recovers(function, nth, code, name));
    }
  }

  private void recovers(String function, long nth, int code, String name) {
    String which = "call " + nth + " of " + function + " failing with " + name;
    Map<String, Long> before = Emulator.live();
    Emulator.fail(function, nth, code);
    List<Throwable> thrown = new ArrayList<>();
    Backend backend = opened(thrown);
    if (backend != null) {
      Throwable failure = catchThrowable(() -> assertThat(Scenario.run(backend)).isEqualTo(truth));
      if (failure != null) {
        thrown.add(failure);
        assertThat(failure).as(which).isInstanceOfSatisfying(DeviceException.class, e -> {
          assertThat(e.errorName()).as(which).isEqualTo(name);
          assertThat(e.isSticky()).as(which).isFalse();
        });
        assertThat(catchThrowable(() -> Scenario.check(backend))).as(which + ": the same backend afterwards").isNull();
        assertThat(catchThrowable(() -> assertThat(Scenario.run(backend)).isEqualTo(truth)))
            .as(which + ": the same work afterwards").isNull();
      }
      closed(backend, thrown, which);
    }
    assertThat(thrown).as(which).hasSize(1);
    assertThat(thrown.getFirst()).as(which).isInstanceOf(GatunException.class).hasMessageContaining(function + ": " + name);
    if (function.equals(RELEASE)) {
      Emulator.releaseContext();
    }
    assertThat(Emulator.live()).as(which + ": what is left").isEqualTo(left(before, function));
  }

  @ParameterizedTest
  @MethodSource("functions")
  void afterAStickyFailureEveryCallSaysSo(String function) {
    for (long nth : occurrences(function)) {
      STICKY.forEach((code, name) -> poisons(function, nth, code, name));
    }
  }

  private void poisons(String function, long nth, int code, String name) {
    String which = "call " + nth + " of " + function + " failing with " + name;
    Map<String, Long> before = Emulator.live();
    Emulator.fail(function, nth, code);
    List<Throwable> thrown = new ArrayList<>();
    Backend backend = opened(thrown);
    if (backend != null) {
      Throwable failure = catchThrowable(() -> Scenario.run(backend));
      if (failure != null) {
        thrown.add(failure);
        for (int i = 0; i < 2; i++) {
          Throwable later = catchThrowable(() -> Scenario.check(backend));
          assertThat(later).as(which).isInstanceOfSatisfying(DeviceException.class, e -> assertThat(e.isSticky()).as(which).isTrue())
              .hasMessageContaining("needs a new process").hasMessageContaining(function + ": " + name);
        }
      }
      closed(backend, thrown, which);
    }
    assertThat(thrown).as(which).hasSize(1);
    assertThat(thrown.getFirst()).as(which).isInstanceOf(GatunException.class).hasMessageContaining(function + ": " + name)
        .hasMessageContaining("start a new one");
    Emulator.reset();
    if (function.equals(RELEASE)) {
      Emulator.releaseContext();
    }
    assertThat(Emulator.live()).as(which + ": what is left").isEqualTo(left(before, function));
    try (Backend fresh = Gatun.open("cuda-emulated")) {
      Scenario.check(fresh);
    }
  }

  /** The work before the failing launch may still run: the program is held until that is done, and can be submitted anew. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void aProgramWhoseLaunchFailsHalfWayCanBeSubmittedAgain(int nth) {
    Map<String, Long> before = Emulator.live();
    try (Backend backend = Gatun.open("cuda-emulated", BackendOptions.none().with("graph", "off")); Stream stream = backend.newStream()) {
      Tensor x = backend.tensor(new float[] {1, 2}, 1, 2);
      Tensor y = backend.allocate(DType.F32, 1, 2);
      try (Executable eight = backend.compile(Program.builder("eight").input(x).output(y).add(new Scale(x, 2, y)).add(new Scale(y, 2, y))
          .add(new Scale(y, 2, y)).build())) {
        Emulator.fail("cuLaunchKernelEx", nth, Emulator.OUT_OF_MEMORY);
        assertThatThrownBy(() -> stream.submit(eight)).isInstanceOf(DeviceException.class)
            .hasMessageStartingWith("cuda: program eight: cuLaunchKernelEx: CUDA_ERROR_OUT_OF_MEMORY");
        stream.synchronize();
        stream.submit(eight);
        assertThat(stream.readFloats(y)).containsExactly(8, 16);
      }
    }
    assertThat(Emulator.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"cuStreamCreateWithPriority, 1", "cuMemAlloc_v2, 2", "cuEventCreate, 2", "cuMemsetD8Async, 1", "cuEventRecord, 3",
      "cuMemcpyAsync, 2", "cuStreamSynchronize, 1", "cuEventElapsedTime, 1", "cuEventDestroy_v2, 1", "cuMemFree_v2, 2"})
  void aBandwidthThatCannotBeMeasuredIsMeasuredAgain(String function, int nth) {
    Map<String, Long> before = Emulator.live();
    try (Backend backend = Gatun.open("cuda-emulated")) {
      Emulator.fail(function, nth, Emulator.OUT_OF_MEMORY);
      assertThatThrownBy(backend::bandwidth).isInstanceOf(DeviceException.class)
          .hasMessageContaining(function + ": CUDA_ERROR_OUT_OF_MEMORY");
      assertThat(backend.bandwidth()).isPositive();
    }
    assertThat(Emulator.live()).isEqualTo(before);
  }

  /** A graph is not its context's, so one whose very end failed stays with the driver; everything else goes with the context. */
  private static Map<String, Long> left(Map<String, Long> before, String function) {
    Map<String, Long> left = new TreeMap<>(before);
    switch (function) {
      case "cuGraphDestroy" -> left.merge("graphs", 1L, Long::sum);
      case "cuGraphExecDestroy" -> left.merge("graph_execs", 1L, Long::sum);
      default -> { }
    }
    return left;
  }

  private Backend opened(List<Throwable> thrown) {
    try {
      Backend backend = Gatun.open("cuda-emulated");
      backends.add(backend);
      return backend;
    } catch (GatunException e) {
      thrown.add(e);
      return null;
    }
  }

  private static void closed(Backend backend, List<Throwable> thrown, String which) {
    Throwable failure = catchThrowable(backend::close);
    if (failure != null) {
      thrown.add(failure);
    }
    assertThat(catchThrowable(backend::close)).as(which + ": a second close").isNull();
  }
}

package dev.gatun.c;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.BackendUnavailableException;
import dev.gatun.DType;
import dev.gatun.DeviceException;
import dev.gatun.Executable;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.Program;
import dev.gatun.Scale;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.spi.Unsupported;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of every status that a library may return. */
class FailureTest {
  private static final int ERROR = 4;
  private static final int LOST = 5;

  @BeforeAll
  static void compileIt() {
    System.setProperty("gatun.scripted.library", Native.library("scripted").toString());
  }

  private static BackendOptions script(String function, int status) {
    return BackendOptions.none().with("fail", function).with("status", status).with("message", "the fan stopped");
  }

  private static Scale scale(Backend backend) {
    return new Scale(backend.allocate(DType.F32, 1, 4), 2, backend.allocate(DType.F32, 1, 4));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gatun_device_open", "gatun_device_properties", "gatun_stream_create"})
  void openingFailsWithTheCallAndTheMessage(String function) {
    assertThatThrownBy(() -> Gatun.open("scripted", script(function, ERROR))).isInstanceOf(DeviceException.class)
        .hasMessage("scripted: " + function + " of libscripted.so failed with GATUN_ERROR: the fan stopped");
  }

  @Test
  void anAbsentDeviceIsToldByTheProbe() {
    assertThatThrownBy(() -> Gatun.open("scripted", script("gatun_device_probe", Status.UNSUPPORTED)))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageEndingWith("scripted does not work here: the fan stopped");
    assertThatThrownBy(() -> Gatun.open("scripted", script("gatun_device_probe", ERROR))).isInstanceOf(BackendUnavailableException.class)
        .hasMessageEndingWith("GATUN_ERROR: the fan stopped");
    assertThat(Gatun.backends()).filteredOn(info -> info.name().equals("scripted")).singleElement()
        .satisfies(info -> assertThat(info.score()).isEqualTo(3));
  }

  @ParameterizedTest
  @CsvSource({"3, GATUN_OUT_OF_MEMORY, false", "4, GATUN_ERROR, false", "5, GATUN_DEVICE_LOST, true", "77, status 77, false"})
  void everyStatusBecomesAnError(int status, String name, boolean sticky) {
    Backend backend = Gatun.open("scripted", script("gatun_stream_synchronize", status));
    Stream stream = backend.newStream();
    DeviceException failure = catchThrowableOfType(DeviceException.class, stream::synchronize);
    assertThat(failure).hasMessageStartingWith("scripted: gatun_stream_synchronize of libscripted.so failed with " + name)
        .hasMessageEndingWith("the fan stopped");
    assertThat(failure.errorName()).startsWith(name);
    assertThat(failure.isSticky()).isEqualTo(sticky);
    if (sticky) {
      assertThatThrownBy(() -> backend.allocate(4)).isInstanceOf(DeviceException.class).hasMessageContaining("lost its device");
    }
  }

  @Test
  void aFailedLaunchNamesProgramFunctionAndCase() {
    try (Backend backend = Gatun.open("scripted", script("gatun_scale", ERROR)); Stream stream = backend.newStream()) {
      assertThatThrownBy(() -> stream.run(scale(backend))).isInstanceOf(DeviceException.class)
          .hasMessage("scripted: program scale: gatun_scale of "
          + "libscripted.so failed for scale(x=f32[1,4], y=f32[1,4], factor=2.0) with GATUN_ERROR: the fan stopped");
    }
  }

  @Test
  void aLaunchThatRefusesWhatItAcceptedIsToldSo() {
    try (Backend backend = Gatun.open("scripted", script("gatun_scale", Status.UNSUPPORTED)); Stream stream = backend.newStream()) {
      assertThatThrownBy(() -> stream.run(scale(backend))).isInstanceOf(DeviceException.class)
          .hasMessageContaining("which it had accepted, with GATUN_UNSUPPORTED");
    }
  }

  @Test
  void aDecisionThatFailsIsNoRefusal() {
    try (Backend backend = Gatun.open("scripted", script("gatun_scale", ERROR).with("at", "decision"))) {
      assertThatThrownBy(() -> backend.plan(scale(backend))).isInstanceOf(DeviceException.class)
          .hasMessageContaining("gatun_scale of libscripted.so, asked whether it serves scale(")
              .hasMessageContaining("failed with GATUN_ERROR: the fan stopped");
    }
  }

  @Test
  void aRefusalWithoutAReasonGetsOne() {
    try (Backend backend = Gatun.open("scripted", script("gatun_scale", Status.UNSUPPORTED).with("at", "decision").with("message", " "))) {
      assertThat(backend.plan(scale(backend)))
          .isEqualTo(new Unsupported("gatun_scale of libscripted.so refuses this case and gave no reason"));
    }
  }

  @Test
  void aLaunchLeavesItsExecutableUsable() {
    try (Backend backend = Gatun.open("scripted", script("gatun_scale", 0)); Stream stream = backend.newStream()) {
      try (Executable executable = backend.compile(Program.of(scale(backend)))) {
        stream.submit(executable);
        stream.synchronize();
        stream.submit(executable);
        stream.synchronize();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gatun_device_close", "gatun_device_free", "gatun_stream_destroy"})
  void closingTellsWhatFailed(String function) {
    Backend backend = Gatun.open("scripted", script(function, ERROR));
    backend.newStream();
    backend.allocate(4);
    assertThatThrownBy(backend::close).isInstanceOf(GatunException.class).hasMessageContaining(function
        + " of libscripted.so failed with GATUN_ERROR");
  }

  @Test
  void aNullPointerIsNoMemory() {
    try (Backend backend = Gatun.open("scripted")) {
      assertThatThrownBy(() -> backend.allocate(12345)).isInstanceOf(DeviceException.class).hasMessageContaining("null pointer");
    }
  }

  @Test
  void copiesAndCachesTellTheirFailures() {
    try (Backend backend = Gatun.open("scripted", script("gatun_stream_copy", ERROR)); Stream stream = backend.newStream()) {
      Tensor tensor = backend.allocate(DType.F32, 4);
      assertThatThrownBy(() -> stream.readFloats(tensor)).isInstanceOf(DeviceException.class).hasMessageContaining("gatun_stream_copy");
    }
    KvCache.Spec spec = new KvCache.Spec(1, 1, 4, 4, DType.F32, 4, 4, 1, 16);
    try (Backend backend = Gatun.open("scripted", script("gatun_kv_append", 0))) {
      try (KvCache cache = backend.newKvCache(spec)) {
        assertThat(new Kv.Paged(cache, 0).cache().freePages()).isEqualTo(4);
      }
    }
    try (Backend backend = Gatun.open("scripted", script("gatun_kv_append", LOST).with("at", "decision"))) {
      assertThatThrownBy(() -> backend.newKvCache(spec)).isInstanceOf(GatunException.class)
          .hasMessageContaining("GATUN_DEVICE_LOST: the fan stopped");
    }
  }

  @Test
  void propertiesAreTakenAsFarAsTheyGo() {
    try (Backend backend = Gatun.open("scripted")) {
      assertThat(backend.device().name()).hasSize(128);
      assertThat(backend.device().facts()).containsEntry("a", "1").containsEntry("b", "2 = 3").hasSize(3);
      assertThat(backend.bandwidth()).isEqualTo(123.5e9);
    }
    assertThatThrownBy(() -> Gatun.open("scripted", BackendOptions.none().with("alignment", 48))).isInstanceOf(GatunException.class)
        .hasMessageContaining("alignment of 48");
  }
}

package dev.gatun.tornado.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

class RuntimeTest {
  @Test
  void thereIsOneDeviceThatSaysWhatItIs() {
    TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
    assertThat(runtime.getNumBackends()).isEqualTo(1);
    TornadoBackend backend = runtime.getBackend(0);
    assertThat(backend.getAllDevices()).hasSize(backend.getNumDevices()).containsExactly(runtime.getDefaultDevice());
    TornadoDevice device = backend.getDevice(0);
    assertThat(device.getDeviceName()).isEqualTo("emulated");
    assertThat(device.getDescription()).contains("emulator");
    assertThat(device.getDeviceLocalMemorySize()).isEqualTo(49152);
    assertThat(device.getDeviceMaxWorkgroupDimensions()).containsExactly(1024, 1024, 1024);
    assertThatThrownBy(() -> runtime.getBackend(1)).isInstanceOf(TornadoRuntimeException.class).hasMessageContaining("no number 1");
    assertThatThrownBy(() -> backend.getDevice(1)).isInstanceOf(TornadoRuntimeException.class);
  }

  @Test
  void plansHaveNumbersAndTheDevice() {
    TornadoExecutionPlan one = new TornadoExecutionPlan(new TaskGraph("g").snapshot());
    TornadoExecutionPlan other = new TornadoExecutionPlan(new TaskGraph("g").snapshot());
    assertThat(one.getId()).isNotEqualTo(other.getId());
    assertThat(one.getDevice(0)).isSameAs(TornadoExecutionPlan.getDevice(0, 0));
    assertThat(one.withDevice(TornadoExecutionPlan.getDevice(0, 0))).isNotNull();
    one.getDevice(0).sync(one.getId());
  }

  @Test
  void functionsOfFloatsAreRoundedFromDoubles() {
    for (float x = -3.7f; x < 4; x += 0.37f) {
      assertThat(TornadoMath.exp(x)).isEqualTo((float) StrictMath.exp(x), within(Math.ulp((float) Math.exp(x))));
      assertThat(TornadoMath.floor(x)).isEqualTo((float) Math.floor(x));
      assertThat(TornadoMath.clamp(x, -1f, 2f)).isBetween(-1f, 2f);
    }
    assertThat(TornadoMath.log2(8f)).isEqualTo(3);
    assertThat(TornadoMath.pow(2f, 10f)).isEqualTo(1024);
    assertThat(TornadoMath.clamp(5, 0, 3)).isEqualTo(3);
    assertThat(TornadoMath.signum(-0.1f)).isEqualTo(-1);
    assertThat(TornadoMath.atan2(1f, 0f)).isEqualTo(TornadoMath.floatPI() / 2);
  }
}

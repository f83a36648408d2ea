package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeviceTest {
  private final Cuda cuda = Emulator.cuda();

  @Test
  void theLibraryTellsItsVersionAndDevices() {
    assertThat(cuda.library()).endsWith("libgatun_emulator.so");
    assertThat(cuda.driverVersion()).isGreaterThanOrEqualTo(12000);
    assertThat(cuda.driverVersionText()).isEqualTo(cuda.driverVersion() / 1000 + "." + cuda.driverVersion() % 1000 / 10);
    assertThat(cuda.deviceCount()).isEqualTo(2);
    assertThatThrownBy(() -> cuda.device(2)).isInstanceOf(CudaUnavailableException.class).hasMessageContaining("no CUDA device 2");
    assertThatThrownBy(() -> cuda.device(-1)).isInstanceOf(CudaUnavailableException.class);
  }

  @Test
  void devicesTellWhatTheyAre() {
    Set<String> uuids = new HashSet<>();
    Set<String> places = new HashSet<>();
    for (int i = 0; i < 2; i++) {
      Device device = cuda.device(i);
      assertThat(device.ordinal()).isEqualTo(i);
      assertThat(device.name()).isNotBlank();
      assertThat(device.computeCapability()).isEqualTo(90);
      assertThat(device.attribute(DeviceAttribute.WARP_SIZE)).isEqualTo(32);
      assertThat(device.attribute(DeviceAttribute.MAX_THREADS_PER_BLOCK)).isEqualTo(1024);
      assertThat(device.totalMemory()).isPositive();
      assertThat(device.uuid()).matches("GPU-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
      assertThat(device.pciBusId()).matches("[0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\\.[0-9A-Fa-f]");
      uuids.add(device.uuid());
      places.add(device.pciBusId());
    }
    assertThat(uuids).hasSize(2);
    assertThat(places).hasSize(2);
    // The bytes of an identifier stand in their order: the emulator's begin with its name.
    assertThat(cuda.device(0).uuid()).startsWith("GPU-6761" + "7475-6e2d");
  }

  @Test
  void everyAttributeThatIsNamedHasAValue() {
    for (DeviceAttribute attribute : DeviceAttribute.values()) {
      assertThat(cuda.device(0).attribute(attribute)).as("%s", attribute).isGreaterThanOrEqualTo(-1);
    }
  }

  @Test
  void aDriverThatIsNewEnoughPassesAndAnOlderOneIsNamed() {
    cuda.requireDriver(cuda.driverVersion(), "the test");
    assertThatThrownBy(() -> cuda.requireDriver(99000, "the test")).isInstanceOf(CudaUnavailableException.class)
        .hasMessageStartingWith("the test needs a driver for CUDA 99.0 (R").hasMessageContaining("found one for CUDA " + cuda.driverVersionText());
  }

  @Test
  void aLibraryIsLoadedTwiceSideBySide() {
    Cuda again = Cuda.load(Emulator.library());
    try (Context here = cuda.device(0).primaryContext(); Context there = again.device(0).primaryContext();
        DeviceMemory memory = here.allocate(64); DeviceMemory other = there.allocate(64)) {
      assertThat(memory.address()).isNotEqualTo(other.address());
    }
  }
}

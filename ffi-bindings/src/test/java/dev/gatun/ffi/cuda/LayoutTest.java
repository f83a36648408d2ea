package dev.gatun.ffi.cuda;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** The numbers are what a C compiler says of {@code cuda.h} of CUDA 13.0 on x86-64. */
class LayoutTest {
  @Test
  void structsAreLaidOutAsInTheHeader() {
    assertThat(LaunchMemory.CONFIG.byteSize()).isEqualTo(56);
    assertThat(offset(LaunchMemory.CONFIG, "hStream")).isEqualTo(32);
    assertThat(offset(LaunchMemory.CONFIG, "attrs")).isEqualTo(40);
    assertThat(offset(LaunchMemory.CONFIG, "numAttrs")).isEqualTo(48);
    assertThat(LaunchMemory.ATTRIBUTE.byteSize()).isEqualTo(72);
    assertThat(offset(LaunchMemory.ATTRIBUTE, "value")).isEqualTo(8);
    assertThat(MemoryPool.PROPERTIES.byteSize()).isEqualTo(88);
    assertThat(offset(MemoryPool.PROPERTIES, "locationType")).isEqualTo(8);
    assertThat(offset(MemoryPool.PROPERTIES, "maxSize")).isEqualTo(24);
    assertThat(GraphExec.UPDATE_RESULT.byteSize()).isEqualTo(24);
    assertThat(offset(GraphExec.UPDATE_RESULT, "errorNode")).isEqualTo(8);
    assertThat(Graph.KERNEL_NODE.byteSize()).isEqualTo(72);
    assertThat(offset(Graph.KERNEL_NODE, "kernelParams")).isEqualTo(40);
    assertThat(offset(Graph.KERNEL_NODE, "ctx")).isEqualTo(64);
    assertThat(TensorMap.BYTES).isEqualTo(128);
  }

  @Test
  void aPlainLaunchHasNoAttributes() {
    LaunchMemory memory = new LaunchMemory();
    memory.write(new LaunchConfig(2, 3, 4, 32, 2, 1, 1024, 1, 1, 1, false), 0x1234, 0x5678);

    MemorySegment config = at(memory.config(), 56);
    assertThat(config.asSlice(0, 28).toArray(ValueLayout.JAVA_INT)).containsExactly(2, 3, 4, 32, 2, 1, 1024);
    assertThat(config.get(ValueLayout.JAVA_LONG, 32)).isEqualTo(0x1234);
    assertThat(config.get(ValueLayout.JAVA_LONG, 40)).isZero();
    assertThat(config.get(ValueLayout.JAVA_INT, 48)).isZero();
    assertThat(at(memory.parameters(), 8).get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x5678);
  }

  @Test
  void clustersAndProgrammaticLaunchesAreAttributes() {
    LaunchMemory memory = new LaunchMemory();
    memory.write(LaunchConfig.of(8, 128, 0).withCluster(4, 1, 1).withProgrammatic(true), 1, 0);

    MemorySegment config = at(memory.config(), 56);
    assertThat(config.get(ValueLayout.JAVA_INT, 48)).isEqualTo(2);
    MemorySegment attributes = at(config.get(ValueLayout.JAVA_LONG, 40), 144);
    assertThat(attributes.get(ValueLayout.JAVA_INT, 0)).isEqualTo(4);
    assertThat(attributes.asSlice(8, 12).toArray(ValueLayout.JAVA_INT)).containsExactly(4, 1, 1);
    assertThat(attributes.get(ValueLayout.JAVA_INT, 72)).isEqualTo(6);
    assertThat(attributes.get(ValueLayout.JAVA_INT, 80)).isEqualTo(1);
    assertThat(memory.parameters()).isZero();
  }

  /** The memory is written again and again for different launches. */
  @Test
  void aLaterLaunchKeepsNothingOfAnEarlierOne() {
    LaunchMemory memory = new LaunchMemory();
    memory.write(LaunchConfig.of(8, 128, 64).withGrid(2, 2, 1).withCluster(2, 2, 1).withProgrammatic(true), 1, 8);
    memory.write(LaunchConfig.of(5, 32, 0).withProgrammatic(true), 2, 0);

    MemorySegment config = at(memory.config(), 56);
    assertThat(config.asSlice(0, 28).toArray(ValueLayout.JAVA_INT)).containsExactly(5, 1, 1, 32, 1, 1, 0);
    assertThat(config.get(ValueLayout.JAVA_INT, 48)).isEqualTo(1);
    assertThat(at(config.get(ValueLayout.JAVA_LONG, 40), 72).get(ValueLayout.JAVA_INT, 0)).isEqualTo(6);
    assertThat(memory.parameters()).isZero();
  }

  @Test
  void aLaunchThatCannotBeIsRefused() {
    assertThatThrownBy(() -> LaunchConfig.of(0, 32, 0)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("were 0x1x1, 32x1x1");
    assertThatThrownBy(() -> LaunchConfig.of(1, 32, -1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("-1 bytes");
    assertThatThrownBy(() -> LaunchConfig.of(6, 32, 0).withCluster(4, 1, 1)).isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a grid of 6x1x1 does not divide into clusters of 4x1x1");
  }

  @Test
  void launchParametersHaveToBeNativeAndAlive() {
    assertThatThrownBy(() -> Parameters.address(MemorySegment.ofArray(new byte[8]))).isInstanceOf(IllegalArgumentException.class);
    MemorySegment closed;
    try (Arena arena = Arena.ofConfined()) {
      closed = arena.allocate(8);
      assertThat(Parameters.address(closed)).isEqualTo(closed.address());
    }
    assertThatThrownBy(() -> Parameters.address(closed)).isInstanceOf(IllegalStateException.class);
    assertThat(Parameters.address(MemorySegment.NULL)).isZero();
  }

  private static long offset(StructLayout layout, String field) {
    return layout.byteOffset(groupElement(field));
  }

  @SuppressWarnings("restricted")
  private static MemorySegment at(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }
}

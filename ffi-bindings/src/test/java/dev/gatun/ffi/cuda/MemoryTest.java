package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MemoryTest {
  private Map<String, Long> before;
  private Context context;
  private Stream stream;

  @BeforeEach
  void open() {
    Cuda cuda = Emulator.cuda();
    before = Emulator.live();
    context = cuda.device(0).primaryContext();
    stream = context.newStream();
  }

  @AfterEach
  void nothingIsLeft() {
    stream.close();
    context.close();
    assertThat(Emulator.live()).isEqualTo(before);
  }

  @Test
  void bytesTravelToTheDeviceThroughItAndBack() {
    byte[] content = new byte[10_007];
    new Random(3).nextBytes(content);
    try (DeviceMemory a = context.allocate(content.length + 5); DeviceMemory b = context.allocate(content.length); Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_BYTE, content);
      MemorySegment back = arena.allocate(content.length);
      stream.copyToDevice(host, a, 5);
      stream.copy(a, 5, b, 0, content.length);
      stream.copyToHost(b, 0, back);
      stream.synchronize();
      assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
    }
  }

  @Test
  void memoryIsSetByBytesAndWords() {
    try (DeviceMemory memory = context.allocate(64); Arena arena = Arena.ofConfined()) {
      stream.memset8(memory, 0x1ff);
      stream.memset32(memory.address() + 8, 0xdeadbeef, 2);
      MemorySegment back = arena.allocate(64, 8);
      stream.copyToHost(memory, 0, back);
      stream.synchronize();
      assertThat(back.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(-1);
      assertThat(back.get(ValueLayout.JAVA_INT, 8)).isEqualTo(0xdeadbeef);
      assertThat(back.get(ValueLayout.JAVA_INT, 12)).isEqualTo(0xdeadbeef);
      assertThat(back.get(ValueLayout.JAVA_LONG, 16)).isEqualTo(-1);
    }
  }

  @Test
  void copiesThatCannotBeAreRefusedBeforeTheDriverSeesThem() {
    try (DeviceMemory memory = context.allocate(16); Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(17);
      assertThatThrownBy(() -> stream.copyToDevice(host, memory, 0)).isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("17 bytes from 0 do not lie in device memory of 16 bytes");
      assertThatThrownBy(() -> stream.copyToHost(memory, -1, host.asSlice(0, 4))).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> stream.copyToHost(memory, Long.MAX_VALUE, host.asSlice(0, 4))).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> stream.copyToDevice(MemorySegment.ofArray(new byte[4]), memory, 0)).isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("native memory");
      assertThatThrownBy(() -> stream.copyToHost(memory, 0, host.asReadOnly().asSlice(0, 4))).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> context.allocate(0)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("was 0 bytes");
      assertThatThrownBy(() -> context.allocateHost(-1, HostMemory.Kind.PINNED)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void moreMemoryThanThereIsIsAnErrorThatNamesTheAmount() {
    assertThatThrownBy(() -> context.allocate(1L << 50)).isInstanceOfSatisfying(CudaException.class, e -> {
      assertThat(e.call()).isEqualTo("cuMemAlloc_v2");
      assertThat(e.code()).isEqualTo(2);
      assertThat(e.errorName()).isEqualTo("CUDA_ERROR_OUT_OF_MEMORY");
      assertThat(e.device()).startsWith("device 0 (");
      assertThat(e.isSticky()).isFalse();
    }).hasMessageContaining((1L << 50) + " bytes were asked for");
  }

  @Test
  void memoryInUseIsMissingFromWhatIsFree() {
    MemoryInfo all = context.memoryInfo();
    try (DeviceMemory memory = context.allocate(1 << 20)) {
      assertThat(context.memoryInfo().free()).isLessThanOrEqualTo(all.free() - memory.bytes());
      assertThat(context.memoryInfo().total()).isEqualTo(all.total());
    }
    assertThat(context.memoryInfo()).isEqualTo(all);
  }

  @Test
  void closedMemoryThrowsAndIsFreedOnce() {
    DeviceMemory memory = context.allocate(16);
    memory.close();
    memory.close();
    assertThatThrownBy(memory::address).isInstanceOf(IllegalStateException.class).hasMessage("DeviceMemory is used after it was closed");
    assertThatThrownBy(() -> stream.memset8(memory, 0)).isInstanceOf(IllegalStateException.class);
    assertThat(memory).hasToString("DeviceMemory of 16 bytes, closed");
  }

  @Test
  void foreignMemoryIsUsedAndLeftAlone() {
    try (DeviceMemory owner = context.allocate(32)) {
      try (DeviceMemory wrapped = DeviceMemory.wrap(context, owner.address(), 32)) {
        stream.memset8(wrapped, 5);
        stream.synchronize();
        assertThatThrownBy(() -> wrapped.closeOn(stream)).isInstanceOf(IllegalStateException.class);
      }
      stream.memset8(owner, 6);
      stream.synchronize();
    }
    assertThatThrownBy(() -> DeviceMemory.wrap(context, 0, 8)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @EnumSource
  void hostMemoryCarriesBytesAndEndsWithItsHandle(HostMemory.Kind kind) {
    HostMemory host = context.allocateHost(4096, kind);
    MemorySegment segment = host.segment();
    try (DeviceMemory memory = context.allocate(4096)) {
      assertThat(host.bytes()).isEqualTo(4096);
      segment.fill((byte) 9);
      stream.copyToDevice(segment, memory, 0);
      stream.memset8(memory.address(), 4, 1);
      stream.copyToHost(memory, 0, segment);
      stream.synchronize();
      assertThat(segment.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 4);
      assertThat(segment.get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 9);
      if (kind == HostMemory.Kind.MAPPED) {
        assertThat(host.deviceAddress()).isPositive();
      } else {
        assertThatThrownBy(host::deviceAddress).isInstanceOf(IllegalStateException.class).hasMessageContaining("MAPPED");
      }
    }
    host.close();
    host.close();
    assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(host::segment).isInstanceOf(IllegalStateException.class).hasMessage("HostMemory is used after it was closed");
  }

  @Test
  void memoryThatIsThereIsRegisteredAndLeftThere() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment own = arena.allocate(8192, 4096);
      try (HostMemory host = context.register(own)) {
        assertThat(host.segment().address()).isEqualTo(own.address());
        assertThat(host.deviceAddress()).isPositive();
      }
      own.fill((byte) 1);
      assertThatThrownBy(() -> context.register(MemorySegment.ofArray(new byte[8]))).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void streamOrderedMemoryComesFromPoolsAndGoesBack() {
    try (MemoryPool pool = context.newPool(-1); Arena arena = Arena.ofConfined()) {
      DeviceMemory memory = stream.allocateAsync(4096, pool);
      stream.memset8(memory, 3);
      MemorySegment back = arena.allocate(4096);
      stream.copyToHost(memory, 0, back);
      stream.synchronize();
      assertThat(back.get(ValueLayout.JAVA_BYTE, 4095)).isEqualTo((byte) 3);
      assertThat(pool.usedBytes()).isGreaterThanOrEqualTo(4096);
      memory.close();
      stream.synchronize();
      assertThat(pool.usedBytes()).isZero();
      pool.trimTo(0);
      assertThat(pool.reservedBytes()).isZero();
      assertThatThrownBy(memory::address).isInstanceOf(IllegalStateException.class);
    }
    try (MemoryPool own = context.defaultPool()) {
      long used = own.usedBytes();
      DeviceMemory memory = stream.allocateAsync(1 << 16);
      stream.synchronize();
      assertThat(own.usedBytes()).isGreaterThan(used);
      memory.closeOn(stream);
      memory.close();
      stream.synchronize();
      assertThat(own.usedBytes()).isEqualTo(used);
      own.trimTo(0);
    }
  }

  @Test
  void streamOrderedMemoryOutlivesItsStream() {
    Stream other = context.newStream();
    DeviceMemory memory = other.allocateAsync(128);
    other.synchronize();
    other.close();
    stream.memset8(memory, 1);
    stream.synchronize();
    memory.close();
  }

  @Test
  void aClosedPoolThrows() {
    MemoryPool pool = context.newPool(0);
    pool.close();
    pool.close();
    assertThatThrownBy(pool::usedBytes).isInstanceOf(IllegalStateException.class).hasMessage("MemoryPool is used after it was closed");
    assertThatThrownBy(() -> stream.allocateAsync(8, pool)).isInstanceOf(IllegalStateException.class);
  }
}

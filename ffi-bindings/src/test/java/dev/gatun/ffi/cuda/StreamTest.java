package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StreamTest {
  private Map<String, Long> before;
  private Context context;
  private Module module;
  private Function function;
  private Stream stream;

  @BeforeEach
  void open() {
    Cuda cuda = Emulator.cuda();
    before = Emulator.live();
    context = cuda.device(0).primaryContext();
    module = context.loadModule(Emulator.image(RmsNorm.UNIT));
    function = module.function(RmsNorm.SYMBOL);
    stream = context.newStream();
  }

  @AfterEach
  void nothingIsLeft() {
    stream.close();
    module.close();
    context.close();
    assertThat(Emulator.live()).isEqualTo(before);
    assertThat(HostFunctions.count()).isZero();
  }

  @Test
  void aKernelIsLaunchedAndItsResultRead() {
    try (RmsNorm norm = new RmsNorm(context, 5, 300, 1)) {
      norm.upload(stream);
      stream.launch(function, norm.config(), norm.params);
      assertClose(norm.result(stream), norm.expected());
    }
  }

  @Test
  void aPreparedLaunchReadsItsParametersAnew() {
    try (RmsNorm norm = new RmsNorm(context, 2, 64, 2)) {
      norm.upload(stream);
      Launch launch = stream.prepare(function, norm.config(), norm.params);
      launch.run(stream);
      assertClose(norm.result(stream), norm.expected());

      stream.memset8(norm.y, 0);
      norm.params.set(ValueLayout.JAVA_INT, 40, 1);
      launch.run(stream);
      float[] result = norm.result(stream);
      assertThat(result[0]).isNotZero();
      assertThat(result[64]).isZero();

      try (Stream other = context.newStream(context.highestPriority())) {
        norm.params.set(ValueLayout.JAVA_INT, 40, 2);
        launch.run(other);
        assertClose(norm.result(other), norm.expected());
      }
    }
  }

  @Test
  void launchesThatCannotBeNameTheirKernel() {
    try (RmsNorm norm = new RmsNorm(context, 2, 64, 2)) {
      assertThatThrownBy(() -> stream.launch(function, LaunchConfig.of(1, 4096, 0), norm.params)).isInstanceOf(CudaException.class)
          .hasMessageStartingWith("cuLaunchKernelEx: CUDA_ERROR_").hasMessageContaining(RmsNorm.SYMBOL).hasMessageContaining("on device 0 (");
      assertThatThrownBy(() -> stream.launch(function, norm.config(), MemorySegment.ofArray(new byte[136]))).isInstanceOf(IllegalArgumentException.class);
      Launch launch;
      try (Arena arena = Arena.ofConfined()) {
        launch = stream.prepare(function, norm.config(), arena.allocate(136, 8).copyFrom(norm.params));
      }
      assertThatThrownBy(() -> launch.run(stream)).isInstanceOf(IllegalStateException.class).hasMessageContaining("parameters was closed");
    }
  }

  @Test
  void functionsTellAboutThemselves() {
    assertThat(function.name()).isEqualTo(RmsNorm.SYMBOL);
    assertThat(function.attribute(FunctionAttribute.MAX_THREADS_PER_BLOCK)).isBetween(RmsNorm.THREADS, 1024);
    assertThat(function.attribute(FunctionAttribute.LOCAL_SIZE_BYTES)).isGreaterThanOrEqualTo(0);
    function.maxDynamicShared(100 << 10);
    assertThat(function.attribute(FunctionAttribute.MAX_DYNAMIC_SHARED_SIZE_BYTES)).isEqualTo(100 << 10);
    assertThat(function.maxActiveBlocks(RmsNorm.THREADS, 0)).isBetween(1, 32);
    assertThat(function.maxActiveBlocks(RmsNorm.THREADS, 100 << 10)).isEqualTo(2);
    assertThat(function.maxActiveClusters(LaunchConfig.of(4, RmsNorm.THREADS, 0).withCluster(2, 1, 1))).isPositive();
    assertThatThrownBy(() -> function.maxDynamicShared(1 << 30)).isInstanceOf(CudaException.class)
        .hasMessageContaining("MAX_DYNAMIC_SHARED_SIZE_BYTES of " + RmsNorm.SYMBOL + " to 1073741824");
  }

  @Test
  void modulesThatCannotBeLoadedAndNamesTheyLackAreSaid() {
    assertThatThrownBy(() -> module.function("nothing")).isInstanceOf(CudaException.class)
        .hasMessageContaining("CUDA_ERROR_NOT_FOUND").hasMessageContaining("the function nothing");
    assertThatThrownBy(() -> module.global("nothing")).isInstanceOf(CudaException.class).hasMessageContaining("the variable nothing");
    assertThatThrownBy(() -> context.loadModule(MemorySegment.ofArray("nonsense".getBytes(StandardCharsets.US_ASCII)))).isInstanceOf(CudaException.class)
        .hasMessageStartingWith("cuModuleLoadDataEx: CUDA_ERROR_");
    Module other = context.loadModule(Emulator.image(RmsNorm.UNIT));
    Function norm = other.function(RmsNorm.SYMBOL);
    other.close();
    other.close();
    assertThatThrownBy(() -> norm.attribute(FunctionAttribute.NUM_REGS)).isInstanceOf(IllegalStateException.class)
        .hasMessage("Module is used after it was closed");
    assertThatThrownBy(() -> stream.launch(norm, LaunchConfig.of(1, 128, 0), MemorySegment.NULL)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> other.function(RmsNorm.SYMBOL)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void eventsOrderStreamsAndMeasure() {
    try (RmsNorm norm = new RmsNorm(context, 4, 128, 3); Stream other = context.newStream(); Event start = context.newEvent(true);
        Event end = context.newEvent(true); Event untimed = context.newEvent(false)) {
      assertThat(untimed.isDone()).isTrue();
      stream.record(start);
      norm.upload(stream);
      stream.launch(function, norm.config(), norm.params);
      stream.record(end);
      stream.record(untimed);
      other.waitFor(untimed);
      assertClose(norm.result(other), norm.expected());
      end.synchronize();
      assertThat(end.isDone()).isTrue();
      assertThat(end.millisecondsSince(start)).isGreaterThanOrEqualTo(0);
      assertThatThrownBy(() -> untimed.millisecondsSince(start)).isInstanceOf(CudaException.class).hasMessageContaining("cuEventElapsedTime");
      stream.synchronize();
      assertThat(stream.isIdle()).isTrue();
    }
  }

  @Test
  void foreignStreamsAndEventsAreUsedAndLeftAlone() {
    try (Event event = context.newEvent(false)) {
      try (Stream wrapped = Stream.wrap(context, stream.address()); Event same = Event.wrap(context, event.address()); Stream legacy = Stream.wrap(context, 0)) {
        wrapped.record(same);
        legacy.waitFor(event);
        legacy.synchronize();
        wrapped.synchronize();
        assertThat(event.isDone()).isTrue();
      }
      stream.record(event);
      event.synchronize();
    }
  }

  @Test
  void closedStreamsAndEventsThrow() {
    Stream closed = context.newStream();
    Event event = context.newEvent(false);
    closed.close();
    closed.close();
    event.close();
    event.close();
    assertThatThrownBy(closed::synchronize).isInstanceOf(IllegalStateException.class).hasMessage("Stream is used after it was closed");
    assertThatThrownBy(closed::isIdle).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> closed.memset8(256, 0, 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> closed.copy(256, 512, 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> closed.launch(function, LaunchConfig.of(1, 128, 0), MemorySegment.NULL)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> closed.allocateAsync(8)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(closed::beginCapture).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> stream.record(event)).isInstanceOf(IllegalStateException.class).hasMessage("Event is used after it was closed");
    assertThatThrownBy(() -> stream.waitFor(event)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(event::isDone).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void hostFunctionsRunInOrderAndTheirExceptionsStayInside() {
    List<String> order = Collections.synchronizedList(new ArrayList<>());
    stream.hostFunction(() -> order.add("first"));
    stream.hostFunction(() -> {
      throw new IllegalStateException("thrown on purpose by a test");
    });
    stream.hostFunction(() -> order.add("third"));
    stream.synchronize();
    assertThat(order).containsExactly("first", "third");
  }

  @Test
  void tensorMapsAreEncodedForTheDevice() {
    try (DeviceMemory memory = context.allocate(128 * 64 * 2)) {
      TensorMap map = TensorMap.tiled(context, TensorMap.Type.FLOAT16, memory.address(), new long[] {64, 128}, new long[] {128}, new int[] {64, 64},
          TensorMap.Swizzle.BYTES_128, TensorMap.L2Promotion.BYTES_128);
      assertThat(map.segment().byteSize()).isEqualTo(128);
      assertThat(map.segment().address() % 64).isZero();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment params = arena.allocate(256, 64);
        map.writeTo(params, 64);
        assertThat(params.asSlice(64, 128).mismatch(map.segment())).isEqualTo(-1);
        assertThatThrownBy(() -> map.writeTo(params, 8)).isInstanceOf(IllegalArgumentException.class);
      }
      assertThatThrownBy(() -> TensorMap.tiled(context, TensorMap.Type.FLOAT16, memory.address() + 2, new long[] {64}, new long[0], new int[] {64},
          TensorMap.Swizzle.NONE, TensorMap.L2Promotion.NONE)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("multiple of 16");
      assertThatThrownBy(() -> TensorMap.tiled(context, TensorMap.Type.FLOAT16, memory.address(), new long[] {64, 2}, new long[0], new int[] {64},
          TensorMap.Swizzle.NONE, TensorMap.L2Promotion.NONE)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("were 2, 0 and 1");
    }
  }

  static void assertClose(float[] result, double[] expected) {
    assertThat(result).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) result[i]).as("element %d", i).isCloseTo(expected[i], within(1e-5));
    }
  }
}

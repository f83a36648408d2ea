package dev.gatun.ffi.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every driver function is told to fail in turn, in work that uses all kinds of handles. */
class FailureTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int ILLEGAL_ADDRESS = 700;

  private final Cuda cuda = Emulator.cuda();

  @BeforeEach
  @AfterEach
  void forget() {
    Emulator.resetFaults();
  }

  /** What gives something back cannot be tried again when it fails: what it should have freed stays with the driver. */
  static List<String> makers() {
    return List.of("cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuStreamCreateWithPriority", "cuEventCreate", "cuMemAlloc_v2", "cuMemHostAlloc",
        "cuMemHostGetDevicePointer_v2", "cuMemHostRegister_v2", "cuMemPoolCreate", "cuMemPoolSetAttribute", "cuDeviceGetDefaultMemPool",
        "cuMemAllocAsync", "cuMemAllocFromPoolAsync", "cuModuleLoadDataEx", "cuModuleGetFunction", "cuFuncSetAttribute", "cuFuncGetAttribute",
        "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemcpyAsync", "cuMemsetD8Async", "cuMemsetD32Async", "cuLaunchKernelEx", "cuEventRecord",
        "cuStreamWaitEvent", "cuStreamQuery", "cuStreamSynchronize", "cuEventSynchronize", "cuEventQuery", "cuEventElapsedTime", "cuStreamIsCapturing",
        "cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphGetNodes", "cuGraphUpload", "cuGraphLaunch",
        "cuGraphExecUpdate_v2", "cuLaunchHostFunc", "cuMemGetInfo_v2", "cuCtxSynchronize");
  }

  static List<String> enders() {
    return List.of("cuMemFree_v2", "cuMemFreeHost", "cuMemHostUnregister", "cuMemFreeAsync", "cuMemPoolDestroy", "cuStreamDestroy_v2",
        "cuEventDestroy_v2", "cuModuleUnload", "cuGraphDestroy", "cuGraphExecDestroy", "cuDevicePrimaryCtxRelease_v2");
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aCallThatFailsIsNamedAndLeavesNothing(String function) {
    Map<String, Long> before = Emulator.live();
    Emulator.fail(function, 1, OUT_OF_MEMORY);
    assertThatThrownBy(this::work).isInstanceOfSatisfying(CudaException.class, e -> {
      assertThat(e.call()).isEqualTo(function);
      assertThat(e.code()).isEqualTo(OUT_OF_MEMORY);
      assertThat(e.isSticky()).isFalse();
    });
    assertThat(Emulator.live()).isEqualTo(before);
    assertThat(HostFunctions.count()).isZero();
    work();
    assertThat(Emulator.live()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("enders")
  void aFreeingThatFailsIsNamedAndTheRestIsFreed(String function) {
    Map<String, Long> before = Emulator.live();
    Emulator.fail(function, 1, OUT_OF_MEMORY);
    assertThatThrownBy(this::work).isInstanceOfSatisfying(CudaException.class, e -> assertThat(e.call()).isEqualTo(function));
    Map<String, Long> left = new TreeMap<>(Emulator.live());
    before.forEach((kind, count) -> {
      if (!kind.equals("bytes")) {
        left.merge(kind, -count, Long::sum);
      }
    });
    left.remove("bytes");
    assertThat(left.values().stream().mapToLong(Long::longValue).sum()).as("%s", left).isLessThanOrEqualTo(1);
    assertThat(HostFunctions.count()).isZero();
    if (function.equals("cuDevicePrimaryCtxRelease_v2")) {
      assertThat(Downcall.call(cuda.driver().cuDevicePrimaryCtxRelease_v2, cuda.device(0).handle())).isZero();
    }
    work();
  }

  /** After an error that is sticky nothing is promised but that every call says so. */
  @ParameterizedTest
  @ValueSource(strings = {"cuLaunchKernelEx", "cuStreamSynchronize", "cuMemcpyHtoDAsync_v2", "cuEventSynchronize"})
  void afterAStickyErrorEveryCallSaysSo(String function) {
    try (Context context = cuda.device(0).primaryContext(); Module module = context.loadModule(Emulator.image(RmsNorm.UNIT));
        Stream stream = context.newStream(); Event event = context.newEvent(false); RmsNorm norm = new RmsNorm(context, 1, 64, 1)) {
      Emulator.fail(function, 1, ILLEGAL_ADDRESS);
      assertThatThrownBy(() -> {
        norm.upload(stream);
        stream.launch(module.function(RmsNorm.SYMBOL), norm.config(), norm.params);
        stream.record(event);
        event.synchronize();
        stream.synchronize();
      }).isInstanceOfSatisfying(CudaException.class, e -> {
        assertThat(e.call()).isEqualTo(function);
        assertThat(e.isSticky()).isTrue();
      }).hasMessageContaining("CUDA_ERROR_ILLEGAL_ADDRESS").hasMessageEndingWith("start a new one.");
      for (Throwable later : List.of(catchThrowable(stream::synchronize), catchThrowable(() -> context.allocate(64)), catchThrowable(context::newStream))) {
        assertThat(later).isInstanceOfSatisfying(CudaException.class, e -> assertThat(e.isSticky()).isTrue());
      }
      Emulator.resetFaults();
    }
  }

  @Test
  void aKernelsFaultIsReportedWhereItIsWaitedFor() {
    try (Context context = cuda.device(0).primaryContext(); Module module = context.loadModule(Emulator.image(RmsNorm.UNIT));
        Stream stream = context.newStream(); RmsNorm norm = new RmsNorm(context, 1, 64, 1)) {
      norm.upload(stream);
      norm.params.set(java.lang.foreign.ValueLayout.JAVA_LONG, 56, 64L);
      stream.launch(module.function(RmsNorm.SYMBOL), norm.config(), norm.params);
      assertThatThrownBy(stream::synchronize).isInstanceOfSatisfying(CudaException.class, e -> assertThat(e.isSticky()).isTrue())
          .hasMessageStartingWith("cuStreamSynchronize: CUDA_ERROR_");
      Emulator.resetFaults();
    }
  }

  @Test
  void aDriverThatDoesNotStartIsUnavailableWithItsReason() {
    Emulator.fail("cuInit", 1, 100);
    assertThatThrownBy(() -> Cuda.load(Emulator.library())).isInstanceOf(CudaUnavailableException.class)
        .hasMessageContaining("cuInit: CUDA_ERROR_NO_DEVICE (100)").hasMessageContaining("CUDA_VISIBLE_DEVICES");
    Emulator.fail("cuDeviceGetCount", 1, 3);
    assertThatThrownBy(() -> Cuda.load(Emulator.library())).isInstanceOf(CudaUnavailableException.class).hasMessageContaining("CUDA_ERROR_NOT_INITIALIZED");
    assertThat(Cuda.load(Emulator.library()).deviceCount()).isEqualTo(2);
  }

  /** A bit of everything, with every handle closed again. The library is loaded anew, so that its thread has no context yet. */
  private void work() {
    Cuda fresh = Cuda.load(Emulator.library());
    try (Arena arena = Arena.ofConfined(); Context context = fresh.device(0).primaryContext();
        Module module = context.loadModule(Emulator.image(RmsNorm.UNIT)); Stream stream = context.newStream(); Event start = context.newEvent(true);
        Event end = context.newEvent(true); RmsNorm norm = norm(context); DeviceMemory other = context.allocate(norm.x.bytes());
        HostMemory host = context.allocateHost(4096, HostMemory.Kind.MAPPED); HostMemory registered = context.register(arena.allocate(4096, 4096));
        MemoryPool pool = context.newPool(0); MemoryPool own = context.defaultPool(); DeviceMemory pooled = stream.allocateAsync(256, pool);
        DeviceMemory ordered = stream.allocateAsync(256)) {
      assertThat(host.deviceAddress()).isPositive();
      assertThat(registered.bytes()).isEqualTo(4096);
      assertThat(own).isNotNull();
      Function function = module.function(RmsNorm.SYMBOL);
      function.maxDynamicShared(1024);
      assertThat(function.attribute(FunctionAttribute.MAX_DYNAMIC_SHARED_SIZE_BYTES)).isEqualTo(1024);
      assertThat(context.memoryInfo().total()).isPositive();
      stream.record(start);
      stream.memset8(pooled, 1);
      stream.memset32(ordered.address(), 1, 64);
      norm.upload(stream);
      stream.copy(norm.x, 0, other, 0, other.bytes());
      stream.launch(function, norm.config(), norm.params);
      stream.record(end);
      stream.waitFor(end);
      stream.isIdle();
      StreamTest.assertClose(norm.result(stream), norm.expected());
      end.synchronize();
      assertThat(end.isDone()).isTrue();
      assertThat(end.millisecondsSince(start)).isGreaterThanOrEqualTo(0);
      try (Graph graph = captured(stream, function, norm); GraphExec exec = graph.instantiate(); Graph again = captured(stream, function, norm)) {
        assertThat(graph.nodeCount()).isEqualTo(2);
        exec.upload(stream);
        exec.launch(stream);
        assertThat(exec.update(again)).isTrue();
        exec.launch(stream);
        stream.synchronize();
      }
      context.synchronize();
    }
  }

  /** Its three allocations are one step of the work, so the second failing must free the first. */
  private static RmsNorm norm(Context context) {
    return new RmsNorm(context, 2, 64, 21);
  }

  private static Graph captured(Stream stream, Function function, RmsNorm norm) {
    stream.beginCapture();
    try {
      stream.launch(function, norm.config(), norm.params);
      stream.hostFunction(() -> { });
    } catch (RuntimeException e) {
      try {
        stream.endCapture().close();
      } catch (RuntimeException ending) {
        e.addSuppressed(ending);
      }
      throw e;
    }
    return stream.endCapture();
  }
}

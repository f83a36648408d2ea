package dev.gatun.tck.example;

import static dev.gatun.tck.example.ExampleDevice.heap;
import static dev.gatun.tck.example.ExampleDevice.ints;
import static dev.gatun.tck.example.ExampleDevice.output;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Attention;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.DeviceException;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.Gatun;
import dev.gatun.GatunException;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Scale;
import dev.gatun.Softcap;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.spi.Plan;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Oracle;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ExampleBackendTest {
  private static BackendOptions option(String name, Object value) {
    return BackendOptions.none().with(name, value);
  }

  @Test
  void isNeverTheDefaultBeforeARealBackend() {
    assertThat(Gatun.backends()).filteredOn(info -> info.name().equals("example")).singleElement()
        .satisfies(info -> assertThat(info.score()).isEqualTo(1));
  }

  @Test
  void refusesAnUnknownOptionWithThoseItKnows() {
    assertThatThrownBy(() -> Gatun.open("example", option("colour", "red"))).isInstanceOf(GatunException.class)
        .hasMessageContaining("'colour'").hasMessageContaining("[at, defect, fuse, memory, narrow]");
    assertThatThrownBy(() -> Gatun.open("example", option("memory", "much"))).hasMessageContaining("64M").hasMessageContaining("'much'");
    assertThatThrownBy(() -> Gatun.open("example", option("fuse", "maybe"))).hasMessageContaining("on or off");
    assertThatThrownBy(() -> Gatun.open("example", option("at", "polish"))).hasMessageContaining("'polish'")
        .hasMessageContaining("kv_append");
    assertThatThrownBy(() -> Gatun.open("example", option("defect", "rust"))).hasMessageContaining("'rust'").hasMessageContaining("hang");
  }

  @Test
  void memoryPastTheLimitIsRefusedInBytesAndFreedMemoryComesBack() {
    try (Backend backend = Gatun.open("example", option("memory", "1M"))) {
      Buffer half = backend.allocate(600_000);
      assertThatThrownBy(() -> backend.allocate(600_000))
          .isInstanceOfSatisfying(DeviceException.class, e -> assertThat(e.isSticky()).isFalse())
          .hasMessageContaining("600000 bytes").hasMessageContaining("448576 of the device's 1048576");
      half.close();
      backend.allocate(600_000).close();
      assertThatThrownBy(() -> backend.allocate(Long.MAX_VALUE)).isInstanceOf(DeviceException.class);
    }
  }

  @Test
  void hostMemoryIsOutOfReachOfItsOperators() {
    try (Backend backend = Gatun.open("example")) {
      assertThat(backend.device().hostMemory()).isFalse();
      assertThat(backend.allocate(16).host()).isEmpty();
    }
  }

  @Test
  void aStreamIsBusyUntilItsWorkIsDoneAndKeepsItsOrder() throws InterruptedException {
    ExampleStream stream = new ExampleStream(Defect.NONE);
    CountDownLatch gate = new CountDownLatch(1);
    StringBuilder log = new StringBuilder();
    stream.enqueue(() -> {
      try {
        gate.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      log.append('a');
    });
    stream.enqueue(() -> log.append('b'));
    assertThat(stream.isIdle()).isFalse();
    gate.countDown();
    stream.synchronize();
    assertThat(stream.isIdle()).isTrue();
    assertThat(log).hasToString("ab");
    stream.close();
  }

  @Test
  void copiesAndSubmissionsRunInTheOrderGiven() {
    try (ExampleDevice device = ExampleDevice.healthy()) {
      Tensor x = device.backend().tensor(new float[] {1, 2, 3}, 3);
      Tensor y = device.backend().allocate(DType.F32, 3);
      Tensor first = output(DType.F32, 3);
      Tensor second = output(DType.F32, 3);
      try (Executable twice = device.backend().compile(Program.of(new Scale(x, 2, y))); Executable again = device.backend().compile(
          Program.of(new Scale(y, 2, x)))) {
        device.stream().submit(twice);
        device.stream().copy(y, first);
        device.stream().submit(again);
        device.stream().copy(x, second);
        device.stream().synchronize();
      }
      assertThat(first.buffer().host().orElseThrow().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).containsExactly(2, 4, 6);
      assertThat(second.buffer().host().orElseThrow().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).containsExactly(4, 8, 12);
    }
  }

  @Test
  void aFailureIsToldByTheNextSynchronizeAndTheBackendStaysUsable() {
    try (ExampleDevice device = ExampleDevice.with(Defect.CLAIM_THAT_THROWS)) {
      Tensor x = device.backend().tensor(new float[] {1}, 1);
      Tensor y = device.backend().allocate(DType.F32, 1);
      assertThatThrownBy(() -> device.stream().run(new Softcap(x, 1, y))).isInstanceOf(DeviceException.class)
          .hasMessageContaining("softcap_f32").hasMessageContaining("softcap(x=f32[1]");
      device.stream().run(new Scale(x, 3, y));
      assertThat(device.stream().readFloats(y)).containsExactly(3);
    }
  }

  @Test
  void refusesWhatItHasNoKernelForWithAdvice() {
    try (Backend backend = Gatun.open("example")) {
      Tensor x = output(DType.F32, 1, 256);
      assertThat(backend.plan(new Matmul(x, output(DType.Q4_K, 2, 256), output(DType.F32, 1, 2))))
          .isEqualTo(new Unsupported("there is no kernel for a weight of Q4_K; convert it to one of [F32, F16, BF16, Q8_0, Q4_0]"));
      assertThatThrownBy(() -> backend.newKvCache(new KvCache.Spec(1, 1, 32, 32, DType.Q8_0, 16, 2, 1, 32)))
          .isInstanceOf(GatunException.class).hasMessageContaining("F32 or F16");
    }
  }

  @Test
  void preparesAWeightFromTheHostAndTellsItsBytes() {
    try (ExampleDevice device = ExampleDevice.healthy()) {
      Tensor weight = heap(DType.Q4_0, Inputs.normal(1, 128, 1), 2, 64);
      Prepared prepared = device.backend().prepare(weight, Use.MATMUL);
      assertThat(prepared.bytes()).isEqualTo(2 * 36);
      assertThat(device.backend().prepare(prepared.tensor(), Use.MATMUL_AND_EMBEDDING).inPlace()).isTrue();
      Prepared vector = device.backend().prepare(heap(DType.BF16, new double[] {1, 2, 3}, 3), Use.VECTOR);
      assertThat(device.stream().readFloats(vector.tensor())).containsExactly(1, 2, 3);
    }
  }

  /** rms_norm and two matmuls over its result, on tensors of the device. */
  private static Program normed(ExampleDevice device, Tensor left, Tensor right) {
    Map<Buffer, Buffer> there = new HashMap<>();
    Program.Builder program = Program.builder("normed");
    Tensor x = device.mirror(heap(DType.F32, Inputs.normal(1, 128, 2), 2, 64), there);
    Tensor normed = program.temporary("normed", DType.F32, 2, 64);
    program.input(x).output(left, right);
    program.add(new RmsNorm(x, device.mirror(heap(DType.F32, Inputs.normal(2, 64, 1), 64), there), 1e-6f, normed));
    program.add(new Matmul(normed, device.mirror(heap(DType.Q8_0, Inputs.normal(3, 320, 1), 5, 64), there), left));
    program.add(new Matmul(normed, device.mirror(heap(DType.F16, Inputs.normal(4, 192, 1), 3, 64), there), right));
    return program.build();
  }

  private static List<float[]> results(BackendOptions options, List<String> kernels) {
    try (ExampleDevice device = new ExampleDevice(options)) {
      Tensor left = device.backend().allocate(DType.F32, 2, 5);
      Tensor right = device.backend().allocate(DType.F32, 2, 3);
      try (Executable executable = device.backend().compile(normed(device, left, right))) {
        device.stream().submit(executable);
        List<float[]> results = List.of(device.stream().readFloats(left), device.stream().readFloats(right));
        assertThat(executable.explain().steps()).extracting(Explanation.Step::kernel).isEqualTo(kernels);
        assertThat(executable.profile(device.stream(), 3)).allSatisfy(step -> assertThat(step.nanos()).isPositive());
        return results;
      }
    }
  }

  @Test
  void aFusedNormGivesTheBitsOfAPlainOne() {
    List<float[]> fused = results(BackendOptions.none(), List.of("rms_norm+matmul"));
    List<float[]> plain = results(option("fuse", "off"), List.of("rms_norm_f32", "matmul_q8_0", "matmul_f16"));
    assertThat(fused.get(0)).isEqualTo(plain.get(0));
    assertThat(fused.get(1)).isEqualTo(plain.get(1));
    List<float[]> broken = results(option("defect", "fused_norm_without_weight"), List.of("rms_norm+matmul"));
    assertThat(broken.get(0)).isNotEqualTo(plain.get(0));
  }

  @Test
  void attendsOverPagesThatWereForkedAndLeavesTheOriginalAlone() {
    try (ExampleDevice device = ExampleDevice.healthy()) {
      KvCache cache = device.backend().newKvCache(new KvCache.Spec(2, 2, 8, 4, DType.F16, 4, 8, 3, 12));
      cache.poison(device.stream());
      int slot = cache.open();
      cache.reserve(device.stream(), slot, 0, 6);
      append(device, cache, slot, 0, 6);
      float[] kept = cache.read(device.stream(), slot, 1, KvCache.Part.KEY, 5, 1);
      int fork = cache.fork(device.stream(), slot);
      cache.reserve(device.stream(), fork, 5, 7);
      append(device, cache, fork, 5, 2);
      assertThat(cache.read(device.stream(), slot, 1, KvCache.Part.KEY, 5, 1)).isEqualTo(kept);
      assertThat(cache.read(device.stream(), fork, 1, KvCache.Part.KEY, 4, 0))
          .isEqualTo(cache.read(device.stream(), slot, 1, KvCache.Part.KEY, 4, 0));
      Ragged batch = new Ragged(ints(0, 2, 3), ints(fork, slot), ints(5, 6, 5));
      Tensor q = heap(DType.F32, Inputs.normal(9, 96, 1), 3, 4, 8);
      Operator attention = new Attention(q, new Kv.Paged(cache, 1), batch, new Attention.Options(0.35f, true, 5, 0), Optional.empty(),
          output(DType.F32, 3, 4, 4));
      ExampleKernelsTest.assertClose(attention, Oracle.compute(attention, Host.withCache(c -> Host.reading(device.stream()).cache(c))),
          device.run(attention));
    }
  }

  private static void append(ExampleDevice device, KvCache cache, int slot, int from, int tokens) {
    int[] positions = IntStream.range(from, from + tokens).toArray();
    device.run(new KvAppend(heap(DType.F32, Inputs.normal(from + 20, tokens * 16, 1), tokens, 2, 8),
        heap(DType.F32, Inputs.normal(from + 30, tokens * 8, 1), tokens, 2, 4), new Ragged(ints(0, tokens), ints(slot), ints(positions)),
        cache, 1));
  }

  @Test
  void runsTheKernelThatThePlanNamed() {
    try (ExampleDevice healthy = ExampleDevice.healthy(); ExampleDevice falling = ExampleDevice.with(Defect.SILENT_FALLBACK)) {
      for (ExampleDevice device : List.of(healthy, falling)) {
        Map<Buffer, Buffer> there = new HashMap<>();
        Operator matmul = new Matmul(output(DType.F32, 1, 64), output(DType.Q8_0, 2, 64), output(DType.F32, 1, 2))
            .with(t -> device.mirror(t, there));
        String planned = ((Plan) device.backend().plan(matmul)).kernel();
        assertThat(device.kernels(Program.of(matmul)).equals(List.of(planned))).isEqualTo(device == healthy);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Defect.class)
  void everyDefectHasAWordOnWhatIsWrongAndOpens(Defect defect) {
    assertThat(defect.description()).isNotBlank();
    assertThat(Defect.of(defect.label())).isEqualTo(defect);
    try (ExampleDevice device = ExampleDevice.with(defect)) {
      assertThat(device.backend().device().facts()).containsEntry("defect", defect.label());
    }
  }
}

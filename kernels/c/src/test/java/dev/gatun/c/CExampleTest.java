package dev.gatun.c;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Add;
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
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.Program;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Scale;
import dev.gatun.Softcap;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.UnsupportedCaseException;
import dev.gatun.Use;
import dev.gatun.spi.Plan;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import dev.gatun.tck.oracle.Nmse;
import dev.gatun.tck.oracle.Oracle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CExampleTest {
  private static final int WARM_UP = 20_000;

  private Backend backend;
  private Stream stream;

  @BeforeAll
  static void compileIt() {
    Native.useExample();
  }

  @BeforeEach
  void open() {
    backend = Gatun.open("example");
    stream = backend.newStream();
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static Tensor host(float[] values, long... shape) {
    return Tensor.ofHost(Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values), DType.F32, shape);
  }

  @Test
  void itsPropertiesAreTheLibrarys() {
    assertThat(backend.device().name()).isEqualTo("example device");
    assertThat(backend.device().kind()).isEqualTo("example");
    assertThat(backend.device().alignment()).isEqualTo(64);
    assertThat(backend.device().hostMemory()).isFalse();
    assertThat(backend.device().facts()).containsEntry("loops", "plain C").containsEntry("threads", "one a stream");
    assertThat(backend.bandwidth()).isPositive();
  }

  @Test
  void anOperatorComputesWhatTheOracleDoes() {
    float[] values = floats(Inputs.normal(1, 3 * 70, 2));
    float[] weights = floats(Inputs.uniform(2, 70, 0.5, 1.5));
    Tensor y = backend.allocate(DType.F32, 3, 70);

    stream.run(new RmsNorm(backend.tensor(values, 3, 70), backend.tensor(weights, 70), 1e-5f, y));

    double[] expected = Oracle.compute(new RmsNorm(host(values, 3, 70), host(weights, 70), 1e-5f, host(new float[210], 3, 70)),
        Host.buffers()).get("y");
    assertThat(Nmse.of(expected, doubles(stream.readFloats(y)))).isLessThan(1e-12);
  }

  @Test
  void aProgramRunsInOrderOverTemporariesAndExplainsItself() {
    Tensor x = backend.tensor(new float[] {1, -2, 3, -4}, 2, 2);
    Tensor y = backend.allocate(DType.F32, 2, 2);
    Program.Builder builder = Program.builder("chain").input(x).output(y);
    Tensor twice = builder.temporary("twice", DType.F32, 2, 2);
    Tensor sum = builder.temporary("sum", DType.F32, 2, 2);
    Program program = builder.add(new Scale(x, 2, twice)).add(new Add(twice, x, sum)).add(new Scale(sum, -1, y)).build();
    try (Executable executable = backend.compile(program)) {
      stream.submit(executable);
      assertThat(stream.readFloats(y)).containsExactly(-3, 6, -9, 12);

      stream.write(x, 10f, 20f, 30f, 40f);
      stream.submit(executable);
      assertThat(stream.readFloats(y)).containsExactly(-30, -60, -90, -120);

      assertThat(executable.workspaceBytes()).isPositive();
      Explanation explanation = executable.explain();
      assertThat(explanation.steps()).extracting(Explanation.Step::kernel).containsExactly("gatun_scale", "gatun_add", "gatun_scale");
      assertThat(explanation.steps()).extracting(Explanation.Step::bytes).containsExactly(32L, 48L, 32L);
      assertThat(explanation.steps().getFirst().sources()).containsExactly(new Scale(x, 2, twice).toCase().line());
      assertThat(executable.profile(stream, 3)).allMatch(step -> step.nanos() > 0);
    }
  }

  @Test
  void submittingAllocatesNothingOnTheHeap() {
    Tensor x = backend.tensor(new float[] {1, 2, 3, 4}, 1, 4);
    Tensor row = backend.tensor(new float[] {1, 1, 1, 1}, 4);
    Tensor y = backend.allocate(DType.F32, 1, 4);
    Program.Builder builder = Program.builder("many").input(x, row).output(y);
    Program program = builder.add(new Scale(x, 2, y)).add(new RmsNorm(y, row, 1e-5f, y)).add(new Add(y, x, y)).build();
    var threads = (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    try (Executable executable = backend.compile(program)) {
      for (int i = 0; i < WARM_UP; i++) {
        stream.submit(executable);
        stream.synchronize();
      }
      long least = Long.MAX_VALUE;
      for (int i = 0; i < 10; i++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        stream.submit(executable);
        stream.synchronize();
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).isZero();
    }
  }

  @Test
  void whatIsNotExportedIsUnsupportedAndSaysSo() {
    Tensor x = backend.allocate(DType.F32, 2, 4);
    Softcap softcap = new Softcap(x, 30, x);

    assertThat(backend.plan(softcap)).isEqualTo(new Unsupported("libexample.so has no gatun_softcap"));
    assertThatThrownBy(() -> stream.run(softcap)).isInstanceOf(UnsupportedCaseException.class)
        .hasMessageContaining("libexample.so has no gatun_softcap");
  }

  @Test
  void whatALaunchFunctionRefusesIsUnsupportedForItsReason() {
    Tensor x = backend.allocate(DType.F16, 1, 32);
    Matmul half = new Matmul(x, backend.allocate(DType.F16, 4, 32), backend.allocate(DType.F32, 1, 4));
    assertThat(backend.plan(half)).isEqualTo(new Unsupported("gatun_matmul takes x and y in F32, not in F16 and F32"));

    Matmul quantized = new Matmul(backend.allocate(DType.F32, 1, 32), backend.allocate(DType.Q4_0, 4, 32),
        backend.allocate(DType.F32, 1, 4));
    assertThat(backend.plan(quantized)).isEqualTo(new Unsupported("gatun_matmul takes w in F32, F16, BF16 and Q8_0, not in Q4_0"));
  }

  @Test
  void aPlanNamesTheFunctionAndCountsWhatMustMove() {
    Matmul matmul = new Matmul(backend.allocate(DType.F32, 2, 64), backend.allocate(DType.Q8_0, 8, 64), backend.allocate(DType.F32, 2, 8));
    assertThat(backend.plan(matmul)).isInstanceOfSatisfying(Plan.class, plan -> {
      assertThat(plan.kernel()).isEqualTo("gatun_matmul");
      assertThat(plan.tile()).isEqualTo("chosen by libexample.so");
      assertThat(plan.bytes()).isEqualTo(2 * 64 * 4 + 8 * 2 * 34 + 2 * 8 * 4);
      assertThat(plan.flops()).isEqualTo(2 * 2 * 64 * 8);
    });
  }

  @Test
  void rowsPastTheCountOfAnyOperandAreLeftAlone() {
    Tensor count = backend.tensor(new int[] {2}, 1);
    Tensor x = backend.tensor(new float[] {1, 2, 3, 4, 5, 6}, 3, 2).withCount(count);
    Tensor y = backend.tensor(new float[] {7, 7, 7, 7, 7, 7}, 3, 2);

    stream.run(new Scale(x, 10, y));

    assertThat(stream.readFloats(y)).containsExactly(10, 20, 30, 40, 7, 7);
  }

  @Test
  void hostMemoryIsRefusedUnlessTheLibraryReadsIt() {
    Tensor x = host(new float[] {1, 2}, 1, 2);
    Tensor y = backend.allocate(DType.F32, 1, 2);
    assertThatThrownBy(() -> stream.run(new Scale(x, 2, y))).isInstanceOf(GatunException.class).hasMessageContaining("does not reach");
  }

  @Test
  void hostMemoryIsReadWhereItLiesIfTheLibrarySaysSo() {
    try (Backend near = Gatun.open("example", BackendOptions.none().with("host_memory", "on")); Stream on = near.newStream()) {
      Tensor x = host(new float[] {1, 2}, 1, 2);
      Tensor y = near.allocate(DType.F32, 1, 2);
      on.run(new Scale(x, 2, y));
      assertThat(y.buffer().host().orElseThrow().toArray(ValueLayout.JAVA_FLOAT)).containsExactly(2, 4);

      assertThat(near.prepare(x, Use.MATMUL).inPlace()).isTrue();

      Tensor heap = Tensor.ofHost(MemorySegment.ofArray(new float[] {1, 2}), DType.F32, 1, 2);
      assertThatThrownBy(() -> on.run(new Scale(heap, 2, y))).isInstanceOf(GatunException.class).hasMessageContaining("Java heap");
      Tensor brought = near.prepare(heap, Use.MATMUL).tensor();
      assertThat(on.readFloats(brought)).containsExactly(1, 2);

      MemorySegment seen = y.buffer().host().orElseThrow();
      y.buffer().close();
      assertThatThrownBy(() -> seen.get(ValueLayout.JAVA_FLOAT, 0)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void copiesGoEveryWay() {
    float[] values = floats(Inputs.normal(3, 1000, 1));
    Tensor device = backend.allocate(DType.F32, 1000);
    Tensor other = backend.allocate(DType.F32, 1000);
    MemorySegment heap = MemorySegment.ofArray(new float[1000]);
    Tensor nativeTo = host(new float[1000], 1000);

    stream.copy(Tensor.ofHost(MemorySegment.ofArray(values), DType.F32, 1000), device);
    stream.copy(device, other);
    stream.copy(other, nativeTo);
    stream.copy(nativeTo, Tensor.ofHost(heap, DType.F32, 1000));
    stream.copy(nativeTo, device);
    stream.copy(device, Tensor.ofHost(heap, DType.F32, 1000));
    stream.synchronize();

    assertThat(heap.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(values);
  }

  @Test
  void weightsAreCopiedRowAfterRow() {
    Tensor wide = host(floats(Inputs.normal(4, 4 * 6, 1)), 4, 6);
    Tensor weight = backend.prepare(wide.slice(1, 1, 4), Use.MATMUL).tensor();
    assertThat(weight.isContiguous()).isTrue();
    float[] copied = stream.readFloats(weight);
    for (int r = 0; r < 4; r++) {
      for (int i = 0; i < 3; i++) {
        assertThat(copied[r * 3 + i]).isEqualTo(wide.buffer().host().orElseThrow().getAtIndex(ValueLayout.JAVA_FLOAT, r * 6 + 1 + i));
      }
    }
    assertThat(backend.prepare(weight, Use.MATMUL).tensor()).isSameAs(weight);
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F16", "BF16", "F8_E4M3", "F8_E5M2", "Q8_0"})
  void vectorsBecomeF32(DType dtype) {
    Tensor narrow = Tensor.ofHost(Arena.ofAuto().allocate(dtype.bytes(64)), dtype, 64);
    dev.gatun.tck.oracle.Elements.write(Host.buffers(), narrow, Inputs.normal(5, 64, 1));
    double[] expected = dev.gatun.tck.oracle.Elements.all(Host.buffers(), narrow);

    Tensor vector = backend.prepare(narrow, Use.VECTOR).tensor();

    assertThat(vector.dtype()).isEqualTo(DType.F32);
    assertThat(doubles(stream.readFloats(vector))).containsExactly(expected);
  }

  @Test
  void aVectorOfATypeThatNobodyExpandsIsRefusedWithTheReason() {
    Tensor narrow = Tensor.ofHost(Arena.ofAuto().allocate(DType.Q4_0.bytes(64)), DType.Q4_0, 64);
    assertThatThrownBy(() -> backend.prepare(narrow, Use.VECTOR)).isInstanceOf(GatunException.class)
        .hasMessageContaining("libexample.so has no gatun_dequantize");
  }

  @Test
  void aCacheIsRefusedForTheLibrarysReason() {
    assertThatThrownBy(() -> backend.newKvCache(spec(DType.BF16))).isInstanceOf(GatunException.class)
        .hasMessageContaining("gatun_kv_append takes a cache of F32 or F16, not of BF16");
    assertThatThrownBy(() -> backend.newKvCache(spec(DType.Q4_0))).isInstanceOf(GatunException.class).hasMessageContaining("not served");
    assertThatThrownBy(() -> backend.newKvCache(spec(DType.Q8_0))).isInstanceOf(GatunException.class)
        .hasMessageContaining("multiples of 32");
  }

  private static KvCache.Spec spec(DType dtype) {
    return new KvCache.Spec(2, 2, 8, 8, dtype, 4, 6, 2, 12);
  }

  @Test
  void attentionOverDenseKeysIsRefusedAndOverAnEmptyBatchDoesNothing() {
    Tensor q = backend.allocate(DType.F32, 1, 2, 8);
    Tensor starts = backend.tensor(new int[] {0, 1}, 2);
    Tensor one = backend.tensor(new int[] {0}, 1);
    Ragged batch = new Ragged(starts, one, one);
    Attention dense = new Attention(q, new Kv.Dense(q, q, starts), batch, Attention.Options.causal(1), Optional.empty(),
        backend.allocate(DType.F32, 1, 2, 8));
    assertThat(backend.plan(dense)).isEqualTo(new Unsupported("gatun_attention reads keys from a paged cache only"));

    try (KvCache cache = backend.newKvCache(spec(DType.F32))) {
      Tensor y = backend.tensor(new float[16], 1, 2, 8);
      stream.run(new Attention(q, new Kv.Paged(cache, 1), batch, Attention.Options.causal(1), Optional.empty(), y));
      assertThat(stream.readFloats(y)).containsOnly(0);
    }
  }

  @Test
  void outOfMemoryNamesTheCallAndLeavesTheBackendUsable() {
    try (Backend small = Gatun.open("example", BackendOptions.none().with("memory", 1))) {
      assertThatThrownBy(() -> small.allocate(2 << 20)).isInstanceOfSatisfying(DeviceException.class, e -> {
        assertThat(e).hasMessageContainingAll("example: gatun_device_allocate of 2097152 bytes", "GATUN_OUT_OF_MEMORY", "do not fit");
        assertThat(e.errorName()).isEqualTo("GATUN_OUT_OF_MEMORY");
        assertThat(e.isSticky()).isFalse();
      });
      try (Buffer fits = small.allocate(1 << 19)) {
        assertThat(fits.bytes()).isEqualTo(1 << 19);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory=much", "host_memory=perhaps", "colour=blue"})
  void anOptionItDoesNotKnowIsRefusedInItsOwnWords(String option) {
    String[] parts = option.split("=");
    assertThatThrownBy(() -> Gatun.open("example", BackendOptions.none().with(parts[0], parts[1]))).isInstanceOf(GatunException.class)
        .hasMessageContaining("gatun_device_open of libexample.so failed with GATUN_INVALID_OPTION").hasMessageContaining("option")
            .hasMessageContaining(parts[0]);
  }
}

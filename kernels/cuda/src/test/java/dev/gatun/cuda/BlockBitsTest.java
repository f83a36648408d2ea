package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.Quantize;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.conformance.Engine;
import dev.gatun.tck.oracle.Formats;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Blocks to the bit, at every alignment and of any bytes: scales of NaN, infinity and below the normal numbers turn up. */
class BlockBitsTest {
  private static final int ROWS = 3;

  private static List<Engine> engines = List.of();

  @BeforeAll
  static void open() {
    engines = new CudaEngines().open();
  }

  @AfterAll
  static void close() {
    engines.forEach(Engine::close);
  }

  static Stream<DType> types() {
    return Arrays.stream(DType.values()).filter(type -> type != DType.I8 && type != DType.I32);
  }

  static Stream<DType> blockTypes() {
    return Arrays.stream(DType.values()).filter(DType::isBlock);
  }

  private static Tensor bytes(Buffer buffer, long offset, long size) {
    return Tensor.of(buffer, offset, DType.I8, Shape.of(size));
  }

  /** Runs an operator from bytes of one type to rows of another, each at an offset of its own, and gives the bytes written. */
  private static byte[] run(Engine engine, DType from, byte[] in, int fromOffset, DType to, int toOffset, int columns, boolean lookUp) {
    Backend backend = engine.backend();
    byte[] out = new byte[Math.toIntExact(to.bytes((long) ROWS * columns))];
    try (Arena arena = Arena.ofConfined(); Buffer source = backend.allocate(in.length + fromOffset);
        Buffer target = backend.allocate(out.length + toOffset)) {
      MemorySegment staged = arena.allocate(Math.max(in.length, out.length));
      staged.copyFrom(MemorySegment.ofArray(in));
      Tensor x = Tensor.of(source, fromOffset, from, Shape.of(ROWS, columns));
      Tensor y = Tensor.of(target, toOffset, to, Shape.of(ROWS, columns));
      engine.stream().copy(bytes(Buffer.ofHost(staged), 0, in.length), bytes(source, fromOffset, in.length));
      if (lookUp) {
        Tensor ids = backend.tensor(new int[] {0, 1, 2}, ROWS);
        engine.stream().run(new Embedding(ids, x, y));
        engine.stream().synchronize();
        ids.buffer().close();
      } else {
        engine.stream().run(from.isBlock() ? new Dequantize(x, y) : new Quantize(x, y));
      }
      engine.stream().copy(bytes(target, toOffset, out.length), bytes(Buffer.ofHost(staged), 0, out.length));
      engine.stream().synchronize();
      MemorySegment.ofArray(out).copyFrom(staged.asSlice(0, out.length));
    }
    return out;
  }

  private static int[] bits(double[] values) {
    return Arrays.stream(values).mapToInt(v -> Float.floatToIntBits((float) v)).toArray();
  }

  private static int[] bits(byte[] floats) {
    float[] values = MemorySegment.ofArray(floats).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }

  @ParameterizedTest
  @MethodSource("blockTypes")
  void anyBytesExpandToTheNearestFloats(DType type) {
    byte[] in = new byte[Math.toIntExact(type.bytes(ROWS * 1024L))];
    new SplittableRandom(type.ordinal()).nextBytes(in);
    int[] expected = bits(Formats.decode(type, MemorySegment.ofArray(in), 0, ROWS * 1024L));
    int unit = type.blockBytes() % 2 == 0 ? 2 : 1;
    for (Engine engine : engines) {
      for (int offset : new int[] {0, unit, 4, 8}) {
        byte[] out = run(engine, type, in, offset, DType.F32, 16 - offset / 4 * 4, 1024, false);
        assertThat(bits(out)).as("%s at %d", engine, offset).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void anyBytesOfATableAreLookedUpAsTheNearestFloats(DType type) {
    int columns = type.isBlock() ? 512 : 45;
    byte[] in = new byte[Math.toIntExact(type.bytes((long) ROWS * columns))];
    new SplittableRandom(100 + type.ordinal()).nextBytes(in);
    int[] expected = bits(Formats.decode(type, MemorySegment.ofArray(in), 0, (long) ROWS * columns));
    int unit = type.isBlock() ? 2 - type.blockBytes() % 2 : type.blockBytes();
    for (Engine engine : engines) {
      for (int offset : new int[] {0, unit}) {
        byte[] out = run(engine, type, in, offset, DType.F32, 4 * offset, columns, true);
        assertThat(bits(out)).as("%s at %d", engine, offset).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0"})
  void roundsNumbersOfAnySizeToTheReferencesBytes(DType type) {
    SplittableRandom random = new SplittableRandom(7);
    double[] values = new double[ROWS * 256];
    for (int i = 0; i < values.length; i++) {
      // Within a block the numbers are alike, from block to block their sizes cross all of float32, the smallest included.
      float value = Math.scalb(random.nextFloat() * 2 - 1, i / 32 * 11 - 146);
      values[i] = i % 5 == 0 ? -0.0f : value;
    }
    byte[] expected = Formats.encoded(type, values).toArray(ValueLayout.JAVA_BYTE);
    for (Engine engine : engines) {
      for (int offset : new int[] {0, 4}) {
        byte[] in = Formats.encoded(DType.F32, values).toArray(ValueLayout.JAVA_BYTE);
        assertThat(run(engine, DType.F32, in, offset, type, offset / 2, 256, false)).as("%s at %d", engine, offset).isEqualTo(expected);
      }
    }
  }

  @Test
  void ofSeveralLargestElementsTheFirstGivesTheSignOfQ4() {
    float[] values = new float[ROWS * 32];
    values[9] = 2;
    values[10] = -2;
    values[32 + 20] = -2;
    values[32 + 3] = 1;
    values[32 + 31] = 2;
    byte[] in = new byte[4 * values.length];
    MemorySegment.ofArray(in).copyFrom(MemorySegment.ofArray(values));
    for (Engine engine : engines) {
      byte[] out = run(engine, DType.F32, in, 0, DType.Q4_0, 0, 32, false);
      double[] back = Formats.decode(DType.Q4_0, MemorySegment.ofArray(out), 0, values.length);
      // d = m / -8: the first largest element comes back as it was, the other one as 7/8 of it.
      assertThat(back[9]).isEqualTo(2);
      assertThat(back[10]).isEqualTo(-1.75);
      assertThat(back[32 + 20]).isEqualTo(-2);
      assertThat(back[32 + 31]).isEqualTo(1.75);
      assertThat(back[32 + 3]).isEqualTo(1);
      assertThat(Arrays.stream(back, 64, 96)).allMatch(v -> v == 0);
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0"})
  void aBlockWithAValueThatIsNotFiniteIsNanThroughoutAndItsNeighbourIsNot(DType type) {
    for (float bad : new float[] {Float.NaN, Float.intBitsToFloat(0xFF80_0001), Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] values = new float[ROWS * 64];
      Arrays.fill(values, 1);
      values[17] = bad;
      values[64 + 63] = bad;
      byte[] in = new byte[4 * values.length];
      MemorySegment.ofArray(in).copyFrom(MemorySegment.ofArray(values));
      for (Engine engine : engines) {
        byte[] out = run(engine, DType.F32, in, 0, type, 0, 64, false);
        double[] back = Formats.decode(type, MemorySegment.ofArray(out), 0, values.length);
        for (int i = 0; i < values.length; i++) {
          assertThat(Double.isNaN(back[i])).as("%s element %d beside %s", engine, i, bad).isEqualTo(i / 32 == 0 || i / 32 == 3);
        }
      }
    }
  }
}

package dev.gatun.cuda.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Buffer;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class CopyShapeTest {
  private static final int ROOM = 1 << 20;
  private static final Tensor COUNT = Tensor.ofHost(MemorySegment.ofArray(new int[1]), DType.I32, 1);

  private static Tensor bytes(long[] sizes, long... strides) {
    return Tensor.of(Buffer.ofHost(MemorySegment.ofArray(new byte[ROOM])), 0, DType.I8, Shape.of(sizes), strides);
  }

  /** Strides of a tensor whose dimensions lie in memory in a random order with random gaps. */
  private static long[] strides(SplittableRandom random, long[] sizes, boolean gaps) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < sizes.length; i++) {
      order.add(random.nextInt(i + 1), i);
    }
    long[] strides = new long[sizes.length];
    long stride = gaps ? random.nextInt(1, 3) : 1;
    for (int i : order) {
      strides[i] = stride;
      stride *= Math.max(1, sizes[i]) + (gaps ? random.nextInt(2) : 0);
    }
    return strides;
  }

  /** Where each element of y comes from, by its place: the plain loop over all indices. */
  private static Map<Long, Long> moves(long[] sizes, long[] xStrides, long[] yStrides) {
    Map<Long, Long> moves = new HashMap<>();
    long elements = Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    for (long e = 0; e < elements; e++) {
      long rest = e;
      long x = 0;
      long y = 0;
      for (int i = sizes.length - 1; i >= 0; i--) {
        x += rest % sizes[i] * xStrides[i];
        y += rest % sizes[i] * yStrides[i];
        rest /= sizes[i];
      }
      moves.put(y, x);
    }
    return moves;
  }

  private static Map<Long, Long> moves(CopyShape shape) {
    return moves(Arrays.stream(shape.sizes()).asLongStream().toArray(), shape.xStrides(), shape.yStrides());
  }

  @Property(tries = 500, seed = "20261122")
  void theSameElementsMoveWhateverTheOrderAndTheGaps(@ForAll @IntRange(min = 1, max = 4) int rank, @ForAll boolean gaps,
      @ForAll boolean varies, @ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long[] sizes = random.longs(rank, 1, 6).toArray();
    Tensor x = bytes(sizes, strides(random, sizes, gaps));
    Tensor y = bytes(sizes, strides(random, sizes, gaps));
    CopyShape shape = CopyShape.of(varies ? new Copy(x.withCount(COUNT), y.withCount(COUNT)) : new Copy(x, y));
    assertThat(moves(shape)).isEqualTo(moves(sizes, x.strides(), y.strides()));
    if (varies) {
      assertThat(shape.sizes()[0]).isEqualTo((int) sizes[0]);
      assertThat(shape.xStrides()[0]).isEqualTo(x.stride(0));
      assertThat(shape.yStrides()[0]).isEqualTo(y.stride(0));
    }
  }

  @Test
  void whatIsContiguousIsOneRow() {
    Tensor x = bytes(new long[] {2, 3, 4, 5}, 60, 20, 5, 1);
    assertThat(CopyShape.of(new Copy(x, x.withoutCount())).sizes()).containsExactly(1, 1, 1, 120);
    CopyShape varying = CopyShape.of(new Copy(x.withCount(COUNT), x.withCount(COUNT)));
    assertThat(varying.sizes()).containsExactly(2, 1, 1, 60);
    assertThat(varying.gapless()).isTrue();
  }

  @Test
  void aTransposeIsWalkedInTheOrderOfTheTarget() {
    Tensor x = bytes(new long[] {5, 7}, 7, 1);
    CopyShape shape = CopyShape.of(new Copy(x, bytes(new long[] {5, 7}, 1, 5)));
    assertThat(shape.sizes()).containsExactly(7, 1, 1, 5);
    assertThat(shape.yStrides()).containsExactly(5, 0, 0, 1);
    assertThat(shape.xStrides()).containsExactly(1, 0, 0, 7);
    assertThat(shape.gapless()).isFalse();
  }

  @Test
  void aSizeOfZeroLeavesNothingToDo() {
    for (long[] sizes : new long[][] {{0}, {3, 0}, {0, 4, 4}, {3, 0, 4, 5}}) {
      long[] strides = new long[sizes.length];
      Arrays.fill(strides, 1);
      CopyShape shape = CopyShape.of(new Copy(bytes(sizes, strides), bytes(sizes, strides)));
      assertThat(shape.rows() * shape.width()).isZero();
    }
  }
}

package dev.gatun.conformance;

import static dev.gatun.conformance.OperatorHarness.EXACT;

import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class EmbeddingTest {
  @RegisterExtension
  static final OperatorHarness HARNESS = new OperatorHarness();

  /** Expanding a block element is a product and at most a sum in float32, so the last bit may differ. */
  private static final double EXPANDED = 1e-13;

  private static Tensor table(DType type, Placement placement, int v, int n) {
    Tensor table = HARNESS.place(type, placement, v, n);
    return HARNESS.fill(table, Inputs.normal(1, v * n, 1));
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, mode = Mode.EXCLUDE, names = {"I32", "I8"})
  void looksUpRowsOfEveryType(DType type) {
    HARNESS.needs(type);
    int n = type.blockSize() == 1 ? 37 : 3 * type.blockSize();
    Tensor ids = HARNESS.ints(4, 0, 4, 10, 1);
    for (Placement placement : Placement.values()) {
      for (DType out : new DType[] {DType.F32, DType.F16, DType.BF16}) {
        HARNESS.check(new Embedding(ids, table(type, placement, 11, n), HARNESS.place(out, placement, 5, n)), EXPANDED);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, mode = Mode.EXCLUDE, names = {"I32", "I8"})
  void looksUpRowsOfEveryPreparedType(DType type) {
    HARNESS.needs(type);
    int n = type.blockSize() == 1 ? 37 : 2 * type.blockSize();
    Tensor ids = HARNESS.ints(4, 0, 10);
    Tensor table = table(type, Placement.PACKED, 11, n);
    Tensor y = HARNESS.output(DType.F32, 3, n);
    for (Use use : new Use[] {Use.EMBEDDING, Use.MATMUL_AND_EMBEDDING}) {
      HARNESS.check(new Embedding(ids, table, y), engine -> new Embedding(ids, engine.backend().prepare(table, use).tensor(), y),
          Host.buffers(),
          EXPANDED, true);
    }
  }

  @Test
  void idsOutsideTheTableGiveNan() {
    Tensor ids = HARNESS.ints(-1, 2, 3, Integer.MAX_VALUE, Integer.MIN_VALUE, 0);
    for (DType type : new DType[] {DType.F32, DType.F16, DType.Q8_0, DType.Q4_K}) {
      HARNESS.check(new Embedding(ids, table(type, Placement.PACKED, 3, 256), HARNESS.output(DType.F32, 6, 256)), EXPANDED);
      HARNESS.check(new Embedding(ids, table(type, Placement.PACKED, 3, 256), HARNESS.output(DType.F16, 6, 256)), EXPANDED);
    }
  }

  @Test
  void idsPastTheCountAreNotRead() {
    for (int count : new int[] {0, 2, 4, 77, -2}) {
      HARNESS.fresh();
      RowCase c = new RowCase(4, 33, DType.F32, DType.F32, Placement.STRIDED, Optional.of(count));
      Tensor y = HARNESS.rowsOut(c, 33);
      Tensor ids = HARNESS.ints(1, 2, 0, 1).withCount(y.count().orElseThrow());
      HARNESS.check(new Embedding(ids, table(DType.F32, Placement.STRIDED, 3, 33), y), EXACT);
      Tensor x = table(DType.F32, Placement.STRIDED, 3, 33);
      HARNESS.check(new GatherRows(x, ids, y), EXACT);
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void gathersRows(DType type) {
    Tensor rows = HARNESS.ints(6, 0, 0, 7, -1, 3);
    for (int n : new int[] {1, 2, 15, 16, 40, 301}) {
      for (Placement placement : Placement.values()) {
        HARNESS.check(new GatherRows(table(type, placement, 7, n), rows, HARNESS.place(type, placement, 6, n)), EXACT);
      }
    }
    HARNESS.check(new GatherRows(table(type, Placement.PACKED, 7, 5), HARNESS.output(DType.I32, 0), HARNESS.output(type, 0, 5)), EXACT);
  }

  @Test
  void aGatheredIndexIsNotHeldAgainstTheCountOfItsSource() {
    Tensor x = table(DType.F32, Placement.PACKED, 5, 9).withCount(HARNESS.ints(2));
    HARNESS.check(new GatherRows(x, HARNESS.ints(4, 1), HARNESS.output(DType.F32, 2, 9)), EXACT);
  }
}

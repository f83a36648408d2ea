package dev.gatun.tck.example;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Quantize;
import java.util.function.IntSupplier;

/** Operators that move rows, and change no more than their type. */
final class RowKernels {
  private static final int BF16_CUT = 0xFFFF0000;

  private RowKernels() {}

  static Runnable copy(Copy op, Binding at) {
    Rows rows = Rows.of(at, op.x(), op.y());
    Values x = at.values(op.x());
    Values y = at.values(op.y());
    boolean same = op.x().dtype() == op.y().dtype();
    boolean truncate = at.defect() == Defect.BF16_TRUNCATED && op.y().dtype() == DType.BF16;
    return () -> {
      for (long r = 0; r < rows.rows(); r++) {
        for (int i = 0; i < rows.length(); i++) {
          long from = x.row(r) + i * x.stride(x.rank() - 1);
          long to = y.row(r) + i * y.stride(y.rank() - 1);
          if (same) {
            y.move(to, x, from, 1);
          } else {
            float value = x.get(from);
            y.set(to, truncate ? Float.intBitsToFloat(Float.floatToRawIntBits(value) & BF16_CUT) : value);
          }
        }
      }
    };
  }

  static Runnable gather(GatherRows op, Binding at) {
    IntSupplier count = at.count(op.rows(), op.y());
    Values x = at.values(op.x());
    Values ids = at.values(op.rows());
    Values y = at.values(op.y());
    return () -> {
      for (int r = 0; r < count.getAsInt(); r++) {
        int id = ids.integer(r);
        if (id >= 0 && id < x.size(0)) {
          y.move(y.row(r), x, x.row(id), y.size(1));
        } else {
          for (int i = 0; i < y.size(1); i++) {
            y.set(y.row(r) + i, Float.NaN);
          }
        }
      }
    };
  }

  static Runnable embedding(Embedding op, Binding at) {
    IntSupplier count = at.count(op.ids(), op.y());
    Values ids = at.values(op.ids());
    Values table = at.values(op.table());
    Values y = at.values(op.y());
    return () -> {
      for (int t = 0; t < count.getAsInt(); t++) {
        int id = ids.integer(t);
        if (at.defect() == Defect.EMBEDDING_ID_CLAMPED) {
          id = Math.clamp(id, 0, table.size(0) - 1);
        }
        boolean there = id >= 0 && id < table.size(0);
        for (int i = 0; i < y.size(1); i++) {
          y.set(y.row(t) + i, there ? table.get(table.row(id) + i) : Float.NaN);
        }
      }
    };
  }

  static Runnable quantize(Quantize op, Binding at) {
    Rows rows = Rows.of(at, op.x(), op.y());
    Values x = at.values(op.x());
    Values y = at.values(op.y());
    return () -> {
      float[] block = new float[Blocks.SIZE];
      for (long r = 0; r < rows.rows(); r++) {
        for (int i = 0; i < rows.length(); i += Blocks.SIZE) {
          for (int j = 0; j < Blocks.SIZE; j++) {
            block[j] = x.get(x.row(r) + i + j);
          }
          y.setBlock(y.row(r) + i, block);
        }
      }
    };
  }

  static Runnable dequantize(Dequantize op, Binding at) {
    Rows rows = Rows.of(at, op.x(), op.y());
    Values x = at.values(op.x());
    Values y = at.values(op.y());
    return () -> {
      for (long r = 0; r < rows.rows(); r++) {
        for (int i = 0; i < rows.length(); i++) {
          y.set(y.row(r) + i, x.get(x.row(r) + i));
        }
      }
    };
  }
}

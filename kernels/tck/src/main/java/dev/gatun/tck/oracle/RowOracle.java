package dev.gatun.tck.oracle;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.KvAppend;
import dev.gatun.Quantize;
import dev.gatun.Tensor;
import java.util.Arrays;
import java.util.Map;

/** Operators that move rows and change their representation. */
final class RowOracle {
  private RowOracle() {}

  static Map<String, double[]> embedding(Embedding op, Host host) {
    double[] ids = Elements.read(host, op.ids(), Elements.rows(host, op.ids(), op.y()));
    return Map.of("y", pick(host, op.table(), ids));
  }

  static Map<String, double[]> gather(GatherRows op, Host host) {
    double[] rows = Elements.read(host, op.rows(), Elements.rows(host, op.rows(), op.y()));
    return Map.of("y", pick(host, op.x().withoutCount(), rows));
  }

  private static double[] pick(Host host, Tensor table, double[] indices) {
    int length = Math.toIntExact(table.size(1));
    double[] y = new double[indices.length * length];
    for (int r = 0; r < indices.length; r++) {
      int index = (int) indices[r];
      if (index < 0 || index >= table.size(0)) {
        Arrays.fill(y, r * length, (r + 1) * length, Double.NaN);
      } else {
        System.arraycopy(Elements.all(host, table.slice(0, index, index + 1)), 0, y, r * length, length);
      }
    }
    return y;
  }

  static Map<String, double[]> append(KvAppend op, Host host) {
    int tokens = Elements.rows(host, op.k(), op.v(), op.batch().positions());
    KvCacheRows rows = new KvCacheRows(op.kv().spec().dtype());
    return Map.of("k", rows.kept(Elements.read(host, op.k(), tokens), op.kv().spec().keySize()),
        "v", rows.kept(Elements.read(host, op.v(), tokens), op.kv().spec().valueSize()));
  }

  /** Keys and values as a cache of {@code dtype} keeps them; a row that is no whole number of blocks is padded with zeros. */
  private record KvCacheRows(DType dtype) {
    double[] kept(double[] values, int size) {
      double[] kept = new double[values.length];
      int whole = Math.ceilDiv(size, dtype.blockSize()) * dtype.blockSize();
      for (int at = 0; at < values.length; at += size) {
        double[] padded = Arrays.copyOf(Arrays.copyOfRange(values, at, at + size), whole);
        System.arraycopy(Formats.rounded(dtype, padded), 0, kept, at, size);
      }
      return kept;
    }
  }

  static Map<String, double[]> copy(Copy op, Host host) {
    return Map.of("y", Formats.rounded(op.y().dtype(), Elements.read(host, op.x(), Elements.rows(host, op.x(), op.y()))));
  }

  static Map<String, double[]> quantize(Quantize op, Host host) {
    return Map.of("y", Formats.rounded(op.y().dtype(), Elements.read(host, op.x(), Elements.rows(host, op.x(), op.y()))));
  }

  static Map<String, double[]> dequantize(Dequantize op, Host host) {
    return Map.of("y", Elements.read(host, op.x(), Elements.rows(host, op.x(), op.y())));
  }
}

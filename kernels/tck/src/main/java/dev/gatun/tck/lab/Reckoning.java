package dev.gatun.tck.lab;

import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.tck.oracle.CacheView;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The oracle over operators one after the other: each result is rounded to its tensor, keys and values are kept in float64 on the side. */
final class Reckoning {
  /** Where a key or value lies. */
  record Place(KvCache.Part part, int layer, int slot, int position, int head) {}

  /** In the order of the operators, since errors are sums: another order would give another last digit. */
  private final Map<Place, double[]> held = new LinkedHashMap<>();
  private final Host host = Host.withCache(cache -> view(cache.spec()));

  private CacheView view(KvCache.Spec spec) {
    return (part, layer, slot, position, head) -> held.computeIfAbsent(new Place(part, layer, slot, position, head), _ -> {
      double[] poison = new double[part == KvCache.Part.KEY ? spec.keySize() : spec.valueSize()];
      Arrays.fill(poison, Double.NaN);
      return poison;
    });
  }

  /** What the cache must hold: what was appended. */
  Map<Place, double[]> held() {
    return held;
  }

  /** Computes an operator and writes its results where they belong. */
  void run(Operator operator) {
    Map<String, double[]> results = Oracle.compute(operator, host);
    if (operator instanceof KvAppend append) {
      keep(append, results);
    }
    for (Operator.Operand operand : operator.operands()) {
      if (operand.access() == Operator.Access.WRITE) {
        Elements.write(host, operand.tensor(), results.get(operand.name()));
      }
    }
  }

  private void keep(KvAppend append, Map<String, double[]> results) {
    int tokens = Elements.rows(host, append.k(), append.v(), append.batch().positions());
    int sequences = Elements.rows(host, append.batch().slots());
    double[] starts = first(append.batch().starts(), sequences + 1);
    double[] slots = first(append.batch().slots(), sequences);
    double[] positions = first(append.batch().positions(), tokens);
    for (int s = 0; s < sequences; s++) {
      for (int t = (int) starts[s]; t < Math.min(tokens, starts[s + 1]); t++) {
        for (int head = 0; head < append.kv().spec().heads(); head++) {
          int row = t * append.kv().spec().heads() + head;
          hold(new Place(KvCache.Part.KEY, append.layer(), (int) slots[s], (int) positions[t], head), results.get("k"), row, append.kv().spec().keySize());
          hold(new Place(KvCache.Part.VALUE, append.layer(), (int) slots[s], (int) positions[t], head), results.get("v"), row, append.kv().spec().valueSize());
        }
      }
    }
  }

  private double[] first(Tensor tensor, int n) {
    return Elements.read(host, tensor, n);
  }

  private void hold(Place place, double[] values, int row, int size) {
    held.put(place, Arrays.copyOfRange(values, row * size, (row + 1) * size));
  }
}

package dev.gatun.tck.example;

import dev.gatun.KvAppend;
import dev.gatun.KvCache;

/** KvAppend: each token's keys and values to the page of its position; one without a page is dropped. */
final class AppendKernel {
  private AppendKernel() {}

  static Runnable append(KvAppend op, Binding at) {
    Sequences sequences = Sequences.of(at, op.batch(), op.k(), op.v(), op.batch().positions());
    ExampleCache cache = (ExampleCache) op.kv().device();
    Values k = at.values(op.k());
    Values v = at.values(op.v());
    return () -> {
      for (int s = 0; s < sequences.number().getAsInt(); s++) {
        for (int t = sequences.first(s); t < sequences.end(s); t++) {
          int position = at.defect() == Defect.APPEND_AT_ROW ? t : sequences.positions().integer(t);
          int page = cache.page(sequences.slots().integer(s), position);
          for (int h = 0; h < k.size(1) && page >= 0; h++) {
            int offset = position % op.kv().spec().pageTokens();
            long key = cache.index(op.layer(), page, offset, h, KvCache.Part.KEY);
            long value = cache.index(op.layer(), page, offset, h, KvCache.Part.VALUE);
            for (int i = 0; i < k.size(2); i++) {
              cache.values().set(key + i, k.get(t * k.stride(0) + h * k.stride(1) + i));
            }
            for (int i = 0; i < v.size(2); i++) {
              cache.values().set(value + i, v.get(t * v.stride(0) + h * v.stride(1) + i));
            }
          }
        }
      }
    };
  }
}

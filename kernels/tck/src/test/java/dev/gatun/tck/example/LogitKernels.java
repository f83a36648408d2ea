package dev.gatun.tck.example;

import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Penalize;
import dev.gatun.TopK;
import java.util.function.IntSupplier;

/** Operators over rows of logits. */
final class LogitKernels {
  private LogitKernels() {}

  static Runnable argmax(Argmax op, Binding at) {
    IntSupplier count = at.count(op.x(), op.y());
    Values x = at.values(op.x());
    Values y = at.values(op.y());
    Order order = new Order(x, at.defect() == Defect.ARGMAX_TIE_ORDER);
    return () -> {
      for (int r = 0; r < count.getAsInt(); r++) {
        int best = 0;
        for (int i = 1; i < x.size(1); i++) {
          boolean better = at.defect() == Defect.ARGMAX_NAN_LOSES ? x.get(x.row(r) + i) > x.get(x.row(r) + best)
              : order.before(x.row(r), i, best);
          best = better ? i : best;
        }
        y.setInteger(r, best);
      }
    };
  }

  static Runnable topK(TopK op, Binding at) {
    IntSupplier count = at.count(op.x(), op.values(), op.indices());
    Values x = at.values(op.x());
    Values values = at.values(op.values());
    Values indices = at.values(op.indices());
    Values ids = at.scratch(DType.I32, 0, op.x().size(1));
    Order order = new Order(x, at.defect() == Defect.TOP_K_TIE_ORDER);
    return () -> {
      for (int r = 0; r < count.getAsInt(); r++) {
        order.sort(x.row(r), x.size(1), ids);
        for (int i = 0; i < values.size(1); i++) {
          values.set(values.row(r) + i, x.get(x.row(r) + ids.integer(i)));
          indices.setInteger(indices.row(r) + i, ids.integer(i));
        }
      }
    };
  }

  static Runnable penalize(Penalize op, Binding at) {
    IntSupplier count = at.count(op.x(), op.history(), op.lengths(), op.penalties(), op.y());
    Values x = at.values(op.x());
    Values history = at.values(op.history());
    Values lengths = at.values(op.lengths());
    Values penalties = at.values(op.penalties());
    Values y = at.values(op.y());
    Values seen = at.scratch(DType.I32, 0, op.x().size(1));
    return () -> {
      int n = x.size(1);
      for (int r = 0; r < count.getAsInt(); r++) {
        for (int id = 0; id < n; id++) {
          seen.setInteger(id, 0);
        }
        int length = Math.clamp(lengths.integer(r * lengths.stride(0)), 0, history.size(1));
        for (int i = 0; i < length; i++) {
          int id = history.integer(history.row(r) + i);
          if (id >= 0 && id < n) {
            seen.setInteger(id, seen.integer(id) + 1);
          }
        }
        float repetition = penalties.get(penalties.row(r));
        float frequency = penalties.get(penalties.row(r) + 1);
        float presence = penalties.get(penalties.row(r) + 2);
        for (int id = 0; id < n; id++) {
          float logit = x.get(x.row(r) + id);
          int times = at.defect() == Defect.PENALTY_COUNTS_ONCE ? Math.min(1, seen.integer(id)) : seen.integer(id);
          float lowered = (logit > 0 ? logit / repetition : logit * repetition) - times * frequency - presence;
          y.set(y.row(r) + id, times > 0 ? lowered : logit);
        }
      }
    };
  }
}

package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.Embedding;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Lookup;
import java.util.List;

/** Embedding: a work-group for each piece of a row of y; the types of most files have a kernel each. */
final class EmbeddingKernel implements OperatorKernel<Embedding> {
  @Override
  public Decision plan(Embedding operator, Traits traits) {
    return Shapes.refusal(operator, traits, Cut.groups(operator.y(), traits), kernel(operator.table().dtype())).map(Decision.class::cast).orElseGet(() -> {
      long tokens = operator.ids().size(0);
      long n = operator.y().size(1);
      long bytes = tokens * (Integer.BYTES + operator.table().dtype().bytes(n) + operator.y().dtype().bytes(n));
      return new TornadoPlan(kernel(operator.table().dtype()).name(), Cut.tile(traits), 0, bytes, tokens * n, List.of());
    });
  }

  @Override
  public List<Launch> launches(Embedding operator, Traits traits, Binding binding) {
    Cut cut = new Cut(operator.y(), traits, Shapes.Count.of(binding, operator));
    return List.of(Launch.of(kernel(operator.table().dtype()))
        .integers(cut.integers()).integers(Shapes.type(operator.y()), Shapes.type(operator.table()), operator.table().dtype().blockBytes(),
            operator.table().size(0), binding.index(operator.ids()))
        .integers(Shapes.rows(operator.table(), binding)).integers(Shapes.rows(operator.y(), binding))
        .memory(binding.place(operator.table())).memory(binding.place(operator.y())).memory(binding.place(operator.ids())).memory(cut.count().place())
        .over(cut.grid()));
  }

  private static Kernel kernel(DType table) {
    return switch (table) {
      case Q8_0 -> Lookup.Q8_0;
      case Q4_0 -> Lookup.Q4_0;
      case Q4_K -> Lookup.Q4_K;
      case Q6_K -> Lookup.Q6_K;
      default -> table.isBlock() ? Lookup.OTHER : Lookup.FLOATS;
    };
  }
}

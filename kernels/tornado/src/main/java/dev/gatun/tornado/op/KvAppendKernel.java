package dev.gatun.tornado.op;

import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Append;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Place;
import dev.gatun.tornado.kernel.Sequences;
import java.util.List;
import java.util.Optional;

/** KvAppend: where each token goes, then an item an element. */
final class KvAppendKernel implements OperatorKernel<KvAppend> {
  @Override
  public Decision plan(KvAppend operator, Traits traits) {
    KvCache.Spec spec = operator.kv().spec();
    return Shapes.refusal(operator).or(() -> Steps.refusal(spec)).or(() -> refusal(operator)).map(Decision.class::cast).orElseGet(() -> {
      long tokens = operator.k().size(0);
      return new TornadoPlan(kernel(spec).name(), spec.dtype().isBlock() ? "an item a block" : "an item an element", tokens * Integer.BYTES, Shapes.bytes(operator) + tokens * spec.bytesPerTokenAndLayer(), 0,
          List.of());
    });
  }

  private static Optional<Unsupported> refusal(KvAppend operator) {
    return items(operator) <= Integer.MAX_VALUE - Traits.MOST_LOCAL ? Optional.empty()
        : Optional.of(new Unsupported(operator.k() + " has too many tokens for one launch; split the step"));
  }

  private static Kernel kernel(KvCache.Spec spec) {
    return spec.dtype().isBlock() ? Append.Q8_0 : Append.FLOATS;
  }

  private static long items(KvAppend operator) {
    KvCache.Spec spec = operator.kv().spec();
    return operator.k().size(0) * spec.heads() * (spec.keySize() + spec.valueSize()) / spec.dtype().blockSize();
  }

  @Override
  public List<Launch> launches(KvAppend operator, Traits traits, Binding binding) {
    KvCache.Spec spec = operator.kv().spec();
    CachePlaces cache = binding.cache(operator.kv());
    PageLayout layout = PageLayout.of(spec);
    Place pages = cache.pages(operator.layer());
    int unit = Steps.unit(spec.dtype());
    long tokens = operator.k().size(0);
    long first = pages.index(unit);
    Launch places = Steps.sequences(Launch.of(Sequences.APPENDED), operator.batch(), binding)
        .integers(cache.table().index(Integer.BYTES), spec.slots(), spec.slotTokens(), spec.slotPages(), spec.pageTokens()).memory(cache.table()).memory(binding.workspace())
        .over(Grid.items(tokens, traits.local()));
    Launch append = Launch.of(kernel(spec))
        .integers(tokens, spec.heads(), spec.keySize(), spec.valueSize(), Shapes.type(operator.k()), Shapes.type(spec.dtype()),
            binding.workspace().index(Integer.BYTES), spec.pageTokens(), layout.pageBytes() / unit, layout.headBytes() / unit, layout.keyBytes() / unit,
            layout.valueBytes() / unit, first, first + spec.pageTokens() * layout.keyBytes() / unit)
        .integers(Shapes.rows(operator.k(), binding)).integers(Shapes.rows(operator.v(), binding))
        .memory(binding.place(operator.k())).memory(binding.place(operator.v())).memory(pages).memory(binding.workspace())
        .over(Grid.items(items(operator), traits.local()));
    return List.of(places, append);
  }
}

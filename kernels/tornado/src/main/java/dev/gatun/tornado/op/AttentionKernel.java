package dev.gatun.tornado.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.AnyAttention;
import dev.gatun.tornado.kernel.Elements;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Place;
import dev.gatun.tornado.kernel.RangeAttention;
import dev.gatun.tornado.kernel.Sequences;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Attention: which keys each token sees, then tiles of rows over them, and where positions are cut into ranges a merge of these. */
final class AttentionKernel implements OperatorKernel<Attention> {
  @Override
  public Decision plan(Attention operator, Traits traits) {
    return Shapes.refusal(operator).or(() -> refusal(operator, traits)).map(Decision.class::cast).orElseGet(() -> {
      AttentionCut cut = AttentionCut.of(operator, traits);
      return new TornadoPlan(cut.kernel().name(), cut.tile(traits), cut.workspaceBytes(operator), bytes(operator), flops(operator), cut.rejected());
    });
  }

  private static Optional<Unsupported> refusal(Attention operator, Traits traits) {
    if (operator.kv() instanceof Kv.Paged paged && Steps.refusal(paged.cache().spec()).isPresent()) {
      return Steps.refusal(paged.cache().spec());
    }
    if (operator.options().maxBias() > 0) {
      return Optional.of(new Unsupported("no TornadoVM kernel adds ALiBi's bias to scores; use the CPU or CUDA backend"));
    }
    long widest = Math.max(operator.q().size(2), operator.y().size(2));
    if (widest > AnyAttention.MOST_SIZE) {
      return Optional.of(new Unsupported("heads of " + widest + " elements; the most is " + AnyAttention.MOST_SIZE));
    }
    AttentionCut cut = AttentionCut.of(operator, traits);
    if (traits.refusal(cut.kernel()).isPresent()) {
      return traits.refusal(cut.kernel());
    }
    long groups = Math.max(cut.groups(operator), cut.ranges() > 1 ? operator.q().size(0) * operator.q().size(1) : 0);
    if (groups > Integer.MAX_VALUE / traits.local() || cut.workspaceBytes(operator) > Integer.MAX_VALUE) {
      return Optional.of(new Unsupported(operator.q() + " has too many tokens and heads for one launch; split the step"));
    }
    return Optional.empty();
  }

  /** What must move at the bounds: every operand once, and the keys and values of as many sequences as there can be. */
  private static long bytes(Attention operator) {
    long bytes = Shapes.bytes(operator);
    if (operator.kv() instanceof Kv.Paged paged) {
      KvCache.Spec spec = paged.cache().spec();
      bytes += Math.min(operator.batch().slots().size(0), operator.q().size(0)) * spec.slotTokens() * spec.bytesPerTokenAndLayer();
    }
    return bytes;
  }

  private static long flops(Attention operator) {
    return 2 * AttentionCut.seen(operator) * operator.q().size(0) * operator.q().size(1) * (operator.q().size(2) + operator.y().size(2));
  }

  @Override
  public List<Launch> launches(Attention operator, Traits traits, Binding binding) {
    AttentionCut cut = AttentionCut.of(operator, traits);
    List<Launch> launches = new ArrayList<>(List.of(places(operator, traits, binding)));
    launches.add(cut.tiles() ? tiles(operator, cut, traits, binding) : any(operator, cut, traits, binding));
    if (cut.ranges() > 1) {
      launches.add(merge(operator, cut, traits, binding));
    }
    return launches;
  }

  private static Launch any(Attention operator, AttentionCut cut, Traits traits, Binding binding) {
    Tensor q = operator.q();
    Tensor y = operator.y();
    Launch.Builder launch = Launch.of(cut.kernel())
        .integers(q.size(0), q.size(1), AttentionCut.group(operator), q.size(2), y.size(2), Shapes.type(q), Shapes.type(y),
            operator.sinks().map(binding::index).orElse(-1), binding.workspace().index(Integer.BYTES))
        .integers(kept(operator.kv(), binding)).integers(Shapes.rows(q, binding)).integers(Shapes.rows(y, binding));
    return operands(launch, operator, binding.place(y), binding).over(Grid.groups(cut.groups(operator), traits.local()));
  }

  private static Launch tiles(Attention operator, AttentionCut cut, Traits traits, Binding binding) {
    Tensor q = operator.q();
    Tensor y = operator.y();
    boolean split = cut.ranges() > 1;
    int keyWidth = AttentionCut.width(q.size(2));
    int valueWidth = AttentionCut.width(y.size(2));
    Place results = results(operator, binding);
    Launch.Builder launch = Launch.of(cut.kernel())
        .integers(q.size(0), q.size(1), AttentionCut.group(operator), q.size(2), y.size(2), Shapes.type(q), split ? Elements.F32 : Shapes.type(y),
            operator.sinks().map(binding::index).orElse(-1), binding.workspace().index(Integer.BYTES), cut.tokens(), cut.heads(), cut.headTiles(operator),
            cut.ranges(), cut.positions(), cut.keys(), keyWidth, valueWidth, Math.min(traits.local(), Integer.lowestOneBit(keyWidth)),
            Math.min(traits.local(), Integer.lowestOneBit(valueWidth)))
        .integers(kept(operator.kv(), binding)).integers(Shapes.rows(q, binding))
        .integers(split ? new long[] {results.index(Float.BYTES), 1, 1, 0, 0, 0} : Shapes.rows(y, binding));
    return operands(launch, operator, split ? results : binding.place(y), binding).over(Grid.groups(cut.groups(operator), traits.local()));
  }

  /** Adds the operands and floats that both kernels over keys take. */
  private static Launch.Builder operands(Launch.Builder launch, Attention operator, Place result, Binding binding) {
    launch.floats(operator.options().scale(), operator.options().softcap()).memory(binding.place(operator.q()));
    switch (operator.kv()) {
      case Kv.Dense dense -> launch.memory(binding.place(dense.k())).memory(binding.place(dense.v()));
      case Kv.Paged paged -> launch.memory(binding.cache(paged.cache()).pages(paged.layer()));
    }
    launch.memory(sinks(operator, binding)).memory(result).memory(binding.workspace());
    if (operator.kv() instanceof Kv.Paged paged) {
      launch.memory(binding.cache(paged.cache()).table());
    }
    return launch;
  }

  private static Place sinks(Attention operator, Binding binding) {
    return binding.place(operator.sinks().orElse(operator.q()));
  }

  private static Place results(Attention operator, Binding binding) {
    return new Place(binding.workspace().slab(), Math.toIntExact(binding.workspace().offset() + AttentionCut.resultsAt(operator)));
  }

  private static Launch merge(Attention operator, AttentionCut cut, Traits traits, Binding binding) {
    Tensor y = operator.y();
    Place results = results(operator, binding);
    return Launch.of(RangeAttention.MERGE)
        .integers(y.size(0), y.size(1), y.size(2), Shapes.type(y), operator.sinks().map(binding::index).orElse(-1), binding.workspace().index(Integer.BYTES),
            results.index(Float.BYTES), cut.ranges(), cut.positions())
        .integers(Shapes.rows(y, binding)).memory(results).memory(sinks(operator, binding)).memory(binding.place(y)).memory(binding.workspace())
        .over(Grid.groups(y.size(0) * y.size(1), traits.local()));
  }

  private static Launch places(Attention operator, Traits traits, Binding binding) {
    Attention.Options options = operator.options();
    Launch.Builder launch = Steps.sequences(Launch.of(Sequences.SEEN), operator.batch(), binding).integers(options.causal() ? 1 : 0, options.window());
    switch (operator.kv()) {
      case Kv.Dense dense -> {
        Shapes.Count keys = Steps.count(dense.k(), binding);
        Shapes.Count values = Steps.count(dense.v(), binding);
        launch.integers(0, dense.k().size(0), keys.index(), values.index(), binding.index(dense.starts()))
            .memory(binding.place(dense.starts())).memory(keys.place()).memory(values.place());
      }
      case Kv.Paged paged -> {
        KvCache.Spec spec = paged.cache().spec();
        launch.integers(1, binding.cache(paged.cache()).table().index(Integer.BYTES), spec.slots(), spec.slotTokens(), spec.slotPages())
            .memory(binding.place(operator.batch().starts())).memory(binding.place(operator.batch().starts())).memory(binding.place(operator.batch().starts()));
      }
    }
    return launch.memory(binding.workspace()).over(Grid.items(operator.q().size(0), traits.local()));
  }

  /** Keys and values as kernels take them. */
  private static long[] kept(Kv kv, Binding binding) {
    return switch (kv) {
      case Kv.Dense dense -> new long[] {Shapes.type(dense.k()), 0, 0, 0, binding.index(dense.k()), binding.index(dense.v()), Shapes.stride(dense.k(), 1),
          Shapes.stride(dense.v(), 1), Shapes.stride(dense.k(), 0), Shapes.stride(dense.v(), 0)};
      case Kv.Paged paged -> {
        KvCache.Spec spec = paged.cache().spec();
        PageLayout layout = PageLayout.of(spec);
        DType type = spec.dtype();
        int unit = Steps.unit(type);
        long first = binding.cache(paged.cache()).pages(paged.layer()).index(unit);
        long head = layout.headBytes() / unit;
        yield new long[] {Shapes.type(type), spec.pageTokens(), spec.slotTokens(), layout.pageBytes() / unit, first,
            first + spec.pageTokens() * layout.keyBytes() / unit, head, head, layout.keyBytes() / unit, layout.valueBytes() / unit};
      }
    };
  }
}

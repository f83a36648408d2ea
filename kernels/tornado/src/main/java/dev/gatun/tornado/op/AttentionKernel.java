package dev.gatun.tornado.op;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.KvCache;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.AnyAttention;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Place;
import dev.gatun.tornado.kernel.Sequences;
import java.util.List;
import java.util.Optional;

/** Attention: which keys each token sees, then the kernel that goes over them. */
final class AttentionKernel implements OperatorKernel<Attention> {
  @Override
  public Decision plan(Attention operator, Traits traits) {
    return Shapes.refusal(operator).or(() -> refusal(operator)).map(Decision.class::cast).orElseGet(() -> new TornadoPlan(kernel(operator).name(),
        "a group of " + traits.local() + " items a token and query head", operator.q().size(0) * Sequences.SEEN_INTEGERS * Integer.BYTES, bytes(operator),
        flops(operator), List.of()));
  }

  private static Optional<Unsupported> refusal(Attention operator) {
    if (operator.kv() instanceof Kv.Paged paged && Steps.refusal(paged.cache().spec()).isPresent()) {
      return Steps.refusal(paged.cache().spec());
    }
    long widest = Math.max(operator.q().size(2), operator.y().size(2));
    return widest <= AnyAttention.MOST_SIZE ? Optional.empty() : Optional.of(new Unsupported("heads of " + widest + " elements; the most is "
        + AnyAttention.MOST_SIZE));
  }

  private static Kernel kernel(Attention operator) {
    return operator.kv() instanceof Kv.Dense ? AnyAttention.DENSE : AnyAttention.PAGED;
  }

  static int heads(Attention operator) {
    return switch (operator.kv()) {
      case Kv.Dense dense -> Math.toIntExact(dense.k().size(1));
      case Kv.Paged paged -> paged.cache().spec().heads();
    };
  }

  /** The keys that a token sees at most. */
  static long seen(Attention operator) {
    long context = switch (operator.kv()) {
      case Kv.Dense dense -> dense.k().size(0);
      case Kv.Paged paged -> paged.cache().spec().slotTokens();
    };
    return operator.options().window() > 0 ? Math.min(context, operator.options().window()) : context;
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
    return 2 * seen(operator) * operator.q().size(0) * operator.q().size(1) * (operator.q().size(2) + operator.y().size(2));
  }

  @Override
  public List<Launch> launches(Attention operator, Traits traits, Binding binding) {
    Tensor q = operator.q();
    Tensor y = operator.y();
    Place sinks = operator.sinks().map(binding::place).orElse(binding.place(y));
    Launch.Builder main = Launch.of(kernel(operator))
        .integers(q.size(0), q.size(1), q.size(1) / heads(operator), q.size(2), y.size(2), Shapes.type(q), Shapes.type(y),
            operator.sinks().map(binding::index).orElse(-1), binding.workspace().index(Integer.BYTES))
        .integers(kept(operator.kv(), binding)).integers(Shapes.rows(q, binding)).integers(Shapes.rows(y, binding))
        .floats(operator.options().scale(), operator.options().softcap()).memory(binding.place(q));
    switch (operator.kv()) {
      case Kv.Dense dense -> main.memory(binding.place(dense.k())).memory(binding.place(dense.v()))
          .memory(sinks).memory(binding.place(y)).memory(binding.workspace());
      case Kv.Paged paged -> main.memory(binding.cache(paged.cache()).pages(paged.layer()))
          .memory(sinks).memory(binding.place(y)).memory(binding.workspace()).memory(binding.cache(paged.cache()).table());
    }
    return List.of(places(operator, traits, binding), main.over(Grid.groups(q.size(0) * q.size(1), traits.local())));
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

  /** The stride of a single index is never taken, and may be anything. */
  private static long stride(Tensor tensor, int dimension) {
    return tensor.size(dimension) > 1 ? tensor.stride(dimension) : 0;
  }

  /** Keys and values as kernels take them. */
  private static long[] kept(Kv kv, Binding binding) {
    return switch (kv) {
      case Kv.Dense dense -> new long[] {Shapes.type(dense.k()), 0, 0, 0, binding.index(dense.k()), binding.index(dense.v()), stride(dense.k(), 1),
          stride(dense.v(), 1), stride(dense.k(), 0), stride(dense.v(), 0)};
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

package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Launch;
import java.util.Optional;
import java.util.Set;

/** The sequences of a step and the pages of a cache in the numbers that kernels take. */
final class Steps {
  private static final Set<DType> KEPT = Set.of(DType.F32, DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2, DType.Q8_0);
  private static final int MOST_POSITIONS = 1 << 30;

  private Steps() {}

  /** Bytes of what kernels count the elements of a cache in: of a block type single bytes. */
  static int unit(DType type) {
    return type.isBlock() ? 1 : type.blockBytes();
  }

  /** Why kernels cannot read a cache of this geometry, if they cannot. */
  static Optional<Unsupported> refusal(KvCache.Spec spec) {
    if (!KEPT.contains(spec.dtype())) {
      return Optional.of(new Unsupported("a cache of " + spec.dtype() + " is not served; the TornadoVM backend keeps F32, F16, BF16, F8_E4M3, F8_E5M2 and Q8_0"));
    }
    if (spec.isLatent()) {
      return Optional.of(new Unsupported("a cache of latent rows is not served: no TornadoVM kernel attends over them; use the CPU or CUDA backend"));
    }
    int block = spec.dtype().blockSize();
    if (spec.keySize() % block != 0 || spec.valueSize() % block != 0) {
      return Optional.of(new Unsupported("a cache of " + spec.dtype() + " needs head sizes that are multiples of " + block + ", not keys of " + spec.keySize()
          + " and values of " + spec.valueSize() + "; use F32, F16 or BF16"));
    }
    if (spec.slotTokens() > MOST_POSITIONS) {
      return Optional.of(new Unsupported("a cache with slots of " + spec.slotTokens() + " positions; the most is " + MOST_POSITIONS));
    }
    return Optional.empty();
  }

  /** The place and index of a tensor's count; −1 for one that does not vary. */
  static Shapes.Count count(Tensor tensor, Binding binding) {
    return tensor.count().map(c -> new Shapes.Count(binding.place(c), binding.index(c))).orElseGet(() -> new Shapes.Count(binding.place(tensor), -1));
  }

  /** Adds what every kernel over a step's sequences takes first, integers and operands; its result is the workspace, as the last operand. */
  static Launch.Builder sequences(Launch.Builder launch, Ragged batch, Binding binding) {
    Shapes.Count tokens = count(batch.positions(), binding);
    Shapes.Count sequences = count(batch.slots(), binding);
    return launch.integers(batch.positions().size(0), tokens.index(), batch.slots().size(0), sequences.index(), binding.index(batch.starts()),
        binding.index(batch.slots()), binding.index(batch.positions()), binding.workspace().index(Integer.BYTES))
        .memory(binding.place(batch.starts())).memory(binding.place(batch.slots())).memory(binding.place(batch.positions())).memory(tokens.place())
        .memory(sequences.place());
  }
}

package dev.gatun.tck.example;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.GroupedMatmul;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.Matmul;
import dev.gatun.MlaAttention;
import dev.gatun.MoeRoute;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.Sample;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** The one decision about a case, which everything else reads: what runs with how much scratch, or why nothing does. */
final class Decisions {
  private static final Set<DType> WEIGHTS = Set.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0);
  private static final Set<DType> BLOCKS = Set.of(DType.Q8_0, DType.Q4_0);
  private static final int MOST = Integer.MAX_VALUE - 1024;
  private static final AtomicInteger ASKED = new AtomicInteger();

  private Decisions() {}

  static Decision of(Operator operator, Defect defect) {
    Optional<String> reason = refusal(operator);
    if (reason.isPresent()) {
      return new Unsupported(reason.get());
    }
    String cut = operator instanceof Matmul ? MatmulKernel.TILE + " columns at a time" : "a row at a time";
    String tile = cut + (defect == Defect.UNSTABLE_PLAN ? ", asked " + ASKED.incrementAndGet() + " times" : "");
    return new ExamplePlan(operator.name() + "_" + type(operator).label(), tile, Float.BYTES * scratch(operator), bytes(operator),
        flops(operator), List.of());
  }

  private static Optional<String> refusal(Operator operator) {
    for (Operator.Operand operand : operator.operands()) {
      Tensor t = operand.tensor();
      if (!t.isPlain()) {
        return Optional.of(operand.name() + " " + t + " has a layout of another backend's; prepare the plain weight here");
      }
      for (int i = 0; i < t.shape().rank(); i++) {
        if (t.size(i) > MOST) {
          return Optional.of(operand.name() + " " + t + " has a dimension past 2^31; split it");
        }
      }
    }
    return switch (operator) {
      case Matmul op when op.x().size(1) > MatmulKernel.LONGEST -> Optional.of("x " + op.x() + " has rows longer than the "
          + MatmulKernel.LONGEST + " elements that a tile is made of; split them and add the products");
      case Matmul op when op.scale().isPresent() -> Optional.of("there is no kernel for a weight with a scale; multiply the weight by it");
      case Matmul op -> unless(WEIGHTS, op.w().dtype(), "a weight of");
      case GroupedMatmul _, MoeRoute _ -> Optional.of("there is no kernel for experts");
      case MlaAttention _ -> Optional.of("there is no kernel for mla_attention");
      case Attention op when op.options().maxBias() > 0 -> Optional.of("attention adds no bias to its scores");
      case Embedding op -> unless(WEIGHTS, op.table().dtype(), "a table of");
      case Quantize op -> unless(BLOCKS, op.y().dtype(), "blocks of");
      case Dequantize op -> unless(BLOCKS, op.x().dtype(), "blocks of");
      default -> operator.cache().map(KvCache::spec).flatMap(spec -> unless(ExampleCache.TYPES, spec.dtype(), "a cache of"));
    };
  }

  private static Optional<String> unless(Set<DType> served, DType type, String what) {
    return served.contains(type) ? Optional.empty() : Optional.of("there is no kernel for " + what + " " + type + "; convert it to one of "
        + served.stream().sorted().toList());
  }

  /** The type that names the kernel: of the weight, or of the first tensor. */
  private static DType type(Operator operator) {
    return switch (operator) {
      case Matmul op -> op.w().dtype();
      case Embedding op -> op.table().dtype();
      case Quantize op -> op.y().dtype();
      default -> operator.operands().getFirst().tensor().dtype();
    };
  }

  /** Four-byte elements of scratch. */
  private static long scratch(Operator operator) {
    return switch (operator) {
      case Matmul op -> MatmulKernel.scratch(op);
      case Attention op -> AttentionKernel.scratch(op);
      case TopK op -> op.x().size(1);
      case Penalize op -> op.x().size(1);
      case Sample op -> 2 * op.x().size(1);
      default -> 0;
    };
  }

  /** Of a table only the rows that are looked up. */
  private static long bytes(Operator operator) {
    long all = operator.operands().stream().mapToLong(o -> bytes(o.tensor())).sum();
    return switch (operator) {
      case Embedding op -> all - bytes(op.table()) + bytes(op.table(), Math.min(op.ids().size(0), op.table().size(0)));
      case GatherRows op -> all - bytes(op.x()) + bytes(op.x(), Math.min(op.rows().size(0), op.x().size(0)));
      case Attention op when op.kv() instanceof Kv.Paged paged -> all + Math.min(op.batch().slots().size(0), op.q().size(0))
          * paged.cache().spec().slotTokens() * paged.cache().spec().bytesPerTokenAndLayer();
      case KvAppend op -> all + op.k().size(0) * op.kv().spec().bytesPerTokenAndLayer();
      default -> all;
    };
  }

  /** The bytes of {@code rows} rows of a matrix. */
  private static long bytes(Tensor matrix, long rows) {
    return matrix.dtype().bytes(rows * matrix.size(1));
  }

  private static long bytes(Tensor tensor) {
    return tensor.dtype().bytes(tensor.shape().elements());
  }

  private static long flops(Operator operator) {
    return switch (operator) {
      case Matmul op -> 2 * op.x().shape().elements() * op.w().size(0);
      case Attention op -> 2 * op.q().size(0) * op.q().size(1) * AttentionKernel.context(op) * (op.q().size(2) + op.y().size(2));
      default -> operator.operands().getFirst().tensor().shape().elements();
    };
  }
}

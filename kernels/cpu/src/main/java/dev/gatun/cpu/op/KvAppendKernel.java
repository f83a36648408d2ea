package dev.gatun.cpu.op;

import dev.gatun.DType;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.cpu.CpuCache;
import dev.gatun.cpu.format.Dequantizer;
import dev.gatun.cpu.format.Quantizer;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** KvAppend: a unit is a token. */
final class KvAppendKernel implements OperatorKernel<KvAppend> {
  /** Why the CPU cannot keep a cache of this geometry, if it cannot. */
  static Optional<Decision> refusal(KvCache.Spec spec) {
    if (!CpuCache.TYPES.contains(spec.dtype())) {
      return Optional.of(new Unsupported("a cache of " + spec.dtype()
          + " is not served; the CPU backend keeps F32, F16, BF16, F8_E4M3, F8_E5M2 and Q8_0"));
    }
    int block = spec.dtype().blockSize();
    if (spec.keySize() % block != 0 || spec.valueSize() % block != 0) {
      return Optional.of(new Unsupported("a cache of " + spec.dtype() + " needs head sizes that are multiples of " + block + ", not keys of "
          + spec.keySize() + " and values of " + spec.valueSize() + "; use F32, F16 or BF16"));
    }
    return Optional.empty();
  }

  @Override
  public Decision plan(KvAppend operator, Lanes lanes, int workers) {
    return Plans.refusal(operator).or(() -> refusal(operator.kv().spec())).orElseGet(() -> {
      KvCache.Spec spec = operator.kv().spec();
      long tokens = operator.k().size(0);
      return new CpuPlan("kv_append_" + operator.k().dtype().label() + "_" + spec.dtype().label(), "tokens",
          Scratch.bytes(workers, scratch(operator)), CpuPlan.bytes(operator) + tokens * spec.bytesPerTokenAndLayer(), 0, List.of());
    });
  }

  private static long scratch(KvAppend operator) {
    return 4L * Math.max(operator.kv().spec().keySize(), operator.kv().spec().valueSize());
  }

  @Override
  public List<Step> bind(KvAppend operator, Lanes lanes, Binding binding) {
    CpuCache cache = binding.cache(operator.kv());
    return List.of(new Tokens(Rows.of(binding, operator.k(), operator.v(), operator.batch().positions()), new Sequences(binding, operator.batch()),
        binding.view(operator.k()), binding.view(operator.v()), cache, operator.layer(), Dequantizer.of(operator.k().dtype()),
        Quantizer.of(cache.spec().dtype()), Scratch.of(binding, 0, scratch(operator))));
  }

  private record Tokens(Rows rows, Sequences sequences, View k, View v, CpuCache cache, int layer, Dequantizer reader, Quantizer writer,
      Scratch scratch) implements Step {
    @Override
    public int units() {
      return rows.indices();
    }

    @Override
    public void run(int from, int to, int worker) {
      for (int token = from; token < to; token++) {
        int sequence = sequences.of(token);
        int position = sequences.position(token);
        int page = sequence < 0 ? -1 : cache.page(sequences.slot(sequence), position);
        if (page < 0) {
          continue;
        }
        int offset = position % cache.spec().pageTokens();
        for (int head = 0; head < cache.spec().heads(); head++) {
          write(k, token, head, cache.keys(layer, page, head) + offset * cache.keyBytes(), worker);
          if (!cache.spec().isLatent()) {
            write(v, token, head, cache.values(layer, page, head) + offset * cache.valueBytes(), worker);
          }
        }
      }
    }

    private void write(View from, int token, int head, long into, int worker) {
      long at = from.offset() + token * from.strideBytes(0) + head * from.strideBytes(1);
      int n = from.size(2);
      if (from.dtype() == writer.type()) {
        MemorySegment.copy(from.memory(), at, cache.memory(), into, from.dtype().bytes(n));
      } else if (from.dtype() == DType.F32) {
        writer.row(from.memory(), at, cache.memory(), into, n);
      } else {
        reader.row(from.memory(), at, scratch.memory(), scratch.of(worker), n);
        writer.row(scratch.memory(), scratch.of(worker), cache.memory(), into, n);
      }
    }
  }
}

package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.KvCache;
import dev.gatun.MlaAttention;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** mla_attention in the form that takes fewer clocks by count: {@link AbsorbedMla} for few tokens of a sequence, {@link ExpandedMla} for many. */
final class MlaKernel implements OperatorKernel<MlaAttention> {
  private static final Set<DType> WEIGHTS = Set.of(DType.F32, DType.F16, DType.BF16);

  private static MlaForm form(MlaAttention o, Gpu gpu, List<String> rejected) {
    List<String> ofAbsorbed = new ArrayList<>();
    List<String> ofExpanded = new ArrayList<>();
    AbsorbedMla absorbed = AbsorbedMla.of(o, gpu, ofAbsorbed);
    Optional<ExpandedMla> expanded = ExpandedMla.of(o, gpu, ofExpanded);
    boolean expands = expanded.isPresent() && expanded.get().clocks() < absorbed.clocks();
    if (expands) {
      rejected.add(absorbed.rejected(expanded.get()));
    } else if (expanded.isPresent()) {
      rejected.add(expanded.get().rejected(absorbed));
    }
    rejected.addAll(expands || expanded.isEmpty() ? ofExpanded : List.of());
    rejected.addAll(expands ? List.of() : ofAbsorbed);
    return expands ? expanded.get() : absorbed;
  }

  @Override
  public Decision plan(MlaAttention o, Gpu gpu) {
    KvCache.Spec spec = o.latents().cache().spec();
    for (Tensor w : List.of(o.up().keys(), o.up().values())) {
      if (!WEIGHTS.contains(w.dtype())) {
        return new Unsupported("w_uk and w_uv are read in F32, F16 or BF16, not " + w.dtype() + "; prepared for Use.MLA they are BF16");
      }
    }
    return Plans.refusal(o).or(() -> CacheGeometry.refusal(spec)).orElseGet(() -> {
      List<String> rejected = new ArrayList<>();
      MlaForm form = form(o, gpu, rejected);
      // Every latent row once, whatever the heads.
      long bytes = CudaPlan.bytes(o) + Math.min(o.batch().slots().size(0), o.qNope().size(0)) * spec.slotTokens() * spec.bytesPerTokenAndLayer();
      return new CudaPlan(form.kernel(), form.tile(), form.workspaceBytes(), bytes, flops(o), List.copyOf(rejected));
    });
  }

  /** What must be done at the bounds: the operations of the form that has fewer, whichever is taken. */
  private static long flops(MlaAttention o) {
    MlaAttention.Up up = o.up();
    KvCache.Spec spec = o.latents().cache().spec();
    long rows = o.qNope().size(0) * up.heads();
    long made = Math.min(o.batch().slots().size(0), o.qNope().size(0)) * spec.slotTokens() * up.heads();
    long product = up.rank() * ((long) up.nope() + up.valueSize());
    long absorbed = rows * (product + (long) spec.slotTokens() * (spec.keySize() + up.rank()));
    long expanded = made * product + rows * spec.slotTokens() * (up.nope() + o.qRope().size(2) + up.valueSize());
    return 2 * Math.min(absorbed, expanded);
  }

  @Override
  public void bind(MlaAttention o, CudaPlan plan, Binding binding) {
    form(o, binding.gpu(), new ArrayList<>()).bind(binding);
  }
}

package dev.gatun.cuda.op;

import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Storage;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Fusion;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A streamed matmul and the argmax over its rows, as a decoder ends with: each block keeps the first of what it computes anyway, and a small launch takes the first of
 * those, so that a vocabulary's logits are written but not read again.
 *
 * @param fused the matmul, and the norm before it if there is one
 * @param argmax over its result
 */
public record MatmulArgmax(FusedMatmuls fused, Argmax argmax) {
  /** The two as one stage; empty where the matmul's kernel, or the dataflow, does not allow it. */
  public static Optional<MatmulArgmax> of(Fusion.Group group, Fusion.Group next, Gpu gpu) {
    if (!(group instanceof Fusion.Matmuls matmuls) || matmuls.matmuls().size() != 1 || matmuls.gate().isPresent()
        || !(next instanceof Fusion.Single(Argmax argmax))) {
      return Optional.empty();
    }
    Matmul o = matmuls.matmuls().getFirst();
    List<FusedMatmuls> fused = FusedMatmuls.of(matmuls, gpu);
    boolean same = argmax.x().isSameView(o.y()) && o.y().dtype() == DType.F32 && varyAlike(argmax, o);
    if (!same || fused.size() != 1 || !(fused.getFirst().kernel(gpu) instanceof MatmulGemv)) {
      return Optional.empty();
    }
    return Optional.of(new MatmulArgmax(fused.getFirst(), argmax));
  }

  private static boolean varyAlike(Operator a, Operator b) {
    return Fusion.count(a).isPresent() == Fusion.count(b).isPresent()
        && Fusion.count(a).stream().allMatch(count -> count.isSameView(Fusion.count(b).orElseThrow()));
  }

  private MatmulGemv gemv(Gpu gpu) {
    return (MatmulGemv) fused.kernel(gpu);
  }

  /** The operators, in program order. */
  public List<Operator> operators() {
    return Stream.concat(fused.operators().stream(), Stream.of(argmax)).toList();
  }

  /** The temporaries that never reach memory. */
  public Set<Storage> elided() {
    return fused.elided();
  }

  /** What runs: what argmax reads beside is a key of each block and row. */
  public CudaPlan plan(Gpu gpu) {
    CudaPlan plan = fused.plan(gpu);
    return new CudaPlan(plan.kernel(), plan.tile() + ", with argmax", Long.BYTES * argmax.x().size(0) * gemv(gpu).blocks(),
        plan.bytes() + CudaPlan.bytes(argmax.y()), plan.flops() + argmax.x().shape().elements(), plan.rejected());
  }

  /** Adds both launches. */
  public void bind(Binding binding) {
    MatmulGemv gemv = gemv(binding.gpu());
    gemv.launch(fused, binding.workspace(), binding);
    ArgmaxKernel.finish(argmax, Math.toIntExact(gemv.blocks()), binding);
  }
}

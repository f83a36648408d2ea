package dev.gatun.cuda.op;

import dev.gatun.Add;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.SiluMul;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.spi.Fusion;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Matmuls that one launch of a streaming kernel does, with what comes before and after them.
 *
 * @param norm the norm that makes their x, computed by every block for itself
 * @param matmuls up to {@value #MOST} over the same x, whose weights have one type and width, and scales of one form
 * @param after the gated unit over the two results, or the residual add over the one
 */
public record FusedMatmuls(Optional<RmsNorm> norm, List<Matmul> matmuls, Optional<Operator> after) {
  static final int MOST = 3;
  private static final int NO_UNIT = 0;
  private static final int SILU = 1;
  private static final int GELU_ERF = 2;
  private static final int GELU_TANH = 3;
  private static final int NORM_FLOPS = 4;

  /** Rows of x up to which a launch over a repacked weight reads them once more for their norm, which every block does: as many bytes of L2 as it reads for the products. */
  private static final int MOST_NORMED = 16;

  /** Rows up to which it does all of them at once. */
  private static final int MOST_PACKED = 64;

  static FusedMatmuls alone(Matmul o) {
    return new FusedMatmuls(Optional.empty(), List.of(o), Optional.empty());
  }

  /**
   * The launches that a group becomes; empty where its operators are better done one by one: a tile of many rows is read by many blocks, and each would compute the
   * norm anew.
   */
  public static List<FusedMatmuls> of(Fusion.Matmuls group, Gpu gpu) {
    List<String> kernels = new ArrayList<>();
    for (Matmul o : group.matmuls()) {
      if (!(OperatorKernels.plan(o, gpu) instanceof CudaPlan plan) || !MatmulKernel.streams(plan.kernel())) {
        return List.of();
      }
      boolean packed = BandLayout.has(o.w());
      if (packed && o.x().size(0) > (group.norm().isPresent() ? MOST_NORMED : MOST_PACKED)) {
        return List.of();
      }
      kernels.add(packed ? MatmulPacked.family(o.w().dtype()) : plan.kernel());
    }
    List<WeightScale> scales = group.matmuls().stream().map(WeightScale::of).toList();
    boolean alike = kernels.stream().distinct().count() == 1 && scales.stream().distinct().count() == 1;
    if (group.keepNorm() || group.gate().isPresent() && !alike) {
      return List.of();
    }
    if (group.gate().isPresent()) {
      return List.of(new FusedMatmuls(group.norm(), group.matmuls(), group.gate()));
    }
    List<FusedMatmuls> parts = new ArrayList<>();
    int from = 0;
    for (int i = 1; i <= kernels.size(); i++) {
      if (i == kernels.size() || i - from == MOST || !kernels.get(i).equals(kernels.get(from)) || !scales.get(i).equals(scales.get(from))) {
        parts.add(new FusedMatmuls(group.norm(), group.matmuls().subList(from, i), Optional.empty()));
        from = i;
      }
    }
    return parts;
  }

  /** Keeps the list as it is now. */
  public FusedMatmuls {
    matmuls = List.copyOf(matmuls);
  }

  /** The operators, in program order. */
  public List<Operator> operators() {
    return Stream.of(norm.stream(), matmuls.stream(), after.stream()).flatMap(s -> s).map(Operator.class::cast).toList();
  }

  /** The temporaries that never reach memory: what the norm made, and the products that only the operator after them reads. */
  public Set<Storage> elided() {
    Set<Storage> elided = new HashSet<>();
    norm.ifPresent(n -> elided.add(n.y().storage()));
    if (after.isPresent()) {
      matmuls.forEach(o -> elided.add(o.y().storage()));
    }
    return elided;
  }

  /** Whether this is more than a matmul by itself. */
  public boolean isFused() {
    return operators().size() > 1;
  }

  Tensor x() {
    return norm.map(RmsNorm::x).orElseGet(() -> matmuls.getFirst().x());
  }

  /** Where the launch leaves what becomes of a product. */
  Tensor y(Matmul o) {
    return after.map(next -> next.writes().getFirst()).orElseGet(o::y);
  }

  Optional<Tensor> residual() {
    return after.filter(Add.class::isInstance).map(Add.class::cast)
        .map(add -> add.a().storage().equals(matmuls.getFirst().y().storage()) ? add.b() : add.a());
  }

  int unit() {
    return after.map(next -> switch (next) {
      case SiluMul _ -> SILU;
      case GeluMul o -> o.form() == Gelu.Form.ERF ? GELU_ERF : GELU_TANH;
      default -> NO_UNIT;
    }).orElse(NO_UNIT);
  }

  FusedKernel kernel(Gpu gpu) {
    if (BandLayout.has(matmuls.getFirst().w())) {
      return MatmulPacked.of(matmuls, unit() != NO_UNIT, gpu);
    }
    long n = matmuls.stream().mapToLong(o -> o.w().size(0)).sum();
    return MatmulGemv.of(matmuls.getFirst(), n, ((CudaPlan) OperatorKernels.plan(matmuls.getFirst(), gpu)).kernel(), gpu);
  }

  /** What runs. Bytes that only pass between the operators are not counted: they never reach memory. */
  public CudaPlan plan(Gpu gpu) {
    FusedKernel kernel = kernel(gpu);
    Set<Storage> elided = elided();
    Set<Tensor> seen = new HashSet<>();
    long bytes = operators().stream().flatMap(o -> o.operands().stream()).map(Operator.Operand::tensor)
        .filter(t -> !elided.contains(t.storage()) && seen.stream().noneMatch(t::isSameView) && seen.add(t)).mapToLong(CudaPlan::bytes).sum();
    long flops = matmuls.stream().mapToLong(o -> ((CudaPlan) OperatorKernels.plan(o, gpu)).flops()).sum()
        + norm.map(n -> NORM_FLOPS * n.x().shape().elements()).orElse(0L);
    String with = Stream.concat(norm.stream(), after.stream()).map(Operator::name).collect(Collectors.joining(" and "));
    String tile = kernel.tile() + (matmuls.size() > 1 ? ", " + matmuls.size() + " weights" : "") + (with.isEmpty() ? "" : ", with " + with);
    return new CudaPlan(kernel.kernel().name(), tile, kernel.workspaceBytes(), bytes, flops, ((CudaPlan) OperatorKernels.plan(matmuls.getFirst(), gpu)).rejected());
  }

  /** Adds the launch. */
  public void bind(Binding binding) {
    kernel(binding.gpu()).launch(this, binding);
  }
}

package dev.gatun.cuda.op;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import java.util.List;
import java.util.Optional;

/**
 * For many rows of x whose bits and those of w go to the tensor cores as they lie: BF16 by BF16 and F16 by F16 as they are, F32 and F16 by BF16 with x in two BF16
 * parts, which a kernel before makes. What cannot be copied in pieces of 16 bytes, and other types, are left to the next form.
 */
abstract sealed class StagedMatmul implements MatmulForm permits WarpgroupMatmul, CopiedMatmul {
  /** What the copies need addresses and strides to be multiples of. */
  private static final int UNIT = 16;
  private static final int ELEMENTS_PER_PARTING_THREAD = 8;
  private static final int COLUMNS_PER_ADDING_THREAD = 4;
  private static final String BRAIN = "bf16";
  private static final String HALF = "half";
  private static final String SPLIT = "split";
  private static final List<String> FAMILIES = List.of(BRAIN, HALF, SPLIT);
  private static final String PARTING = "bf16_parts";
  private static final String ADDING = "add_splits";

  private final String prefix;

  /** A form whose kernels' names begin with {@code prefix}. */
  StagedMatmul(String prefix) {
    this.prefix = prefix;
  }

  /** What a device lacks for this form; empty if nothing. */
  abstract Optional<String> missing(Gpu gpu);

  /** What a multiprocessor gives its kernels. */
  abstract TileRates rates(Gpu gpu);

  /** Passes x and w, and begins as many blocks as there are to be. @param x where x begins, as it is or in parts */
  abstract void launch(LaunchBuilder launch, Matmul o, TileCut cut, long x, Binding binding);

  /** How a product of x by w is made; empty where it is none of these. */
  private static Optional<String> family(Matmul o) {
    DType x = o.x().dtype();
    return switch (o.w().dtype()) {
      case BF16 -> Optional.of(x == DType.BF16 ? BRAIN : SPLIT);
      case F16 -> x == DType.F16 ? Optional.of(HALF) : Optional.empty();
      default -> Optional.empty();
    };
  }

  private List<TileCut> cuts(Matmul o, Gpu gpu) {
    return TileCut.all(o, prefix + family(o).orElseThrow(), rates(gpu), gpu);
  }

  @Override
  public Optional<String> refusal(Matmul o, Gpu gpu) {
    return reason(o, gpu).map(reason -> prefix + family(o).orElse(BRAIN) + ": " + reason);
  }

  private Optional<String> reason(Matmul o, Gpu gpu) {
    Optional<String> family = family(o);
    if (family.isEmpty()) {
      return Optional.of("takes weights of BF16, and of F16 with activations of F16; " + o.x().dtype() + " by " + o.w().dtype() + " needs decoding on the way");
    }
    if (missing(gpu).isPresent()) {
      return missing(gpu);
    }
    if (o.x().size(0) == 0 || o.w().size(0) == 0 || o.w().size(1) == 0) {
      return Optional.of("there is nothing to copy");
    }
    Optional<String> uncopied = uncopied("w", o.w()).or(() -> family.get().equals(SPLIT) ? Optional.empty() : uncopied("x", o.x()));
    return uncopied.or(() -> cuts(o, gpu).isEmpty() ? Optional.of("no tile fits the " + gpu.sharedBytes() + " bytes of shared memory of a block")
        : Optional.empty());
  }

  /** Why a tensor's rows cannot be copied in pieces of 16 bytes; empty if they can. */
  private static Optional<String> uncopied(String name, Tensor tensor) {
    long stride = MatmulKernel.stride(tensor);
    if (tensor.offset() % UNIT != 0 || stride % UNIT != 0 || stride <= 0) {
      return Optional.of("rows of " + name + " are copied in pieces of " + UNIT + " bytes, but begin at byte " + tensor.offset() + " and every " + stride
          + " bytes from there");
    }
    return Optional.empty();
  }

  @Override
  public CudaPlan plan(Matmul o, Gpu gpu, List<String> rejected) {
    List<TileCut> cuts = cuts(o, gpu);
    TileCut best = TileCut.best(cuts);
    cuts.stream().filter(cut -> cut != best).forEach(cut -> rejected.add(cut.against(best)));
    rejected.add(TileMatmul.wouldBe(o, gpu) + ": is for what has to be decoded or cannot be copied in pieces of " + UNIT + " bytes");
    return new CudaPlan(best.kernel().name(), best.tile(), best.workspaceBytes(), CudaPlan.bytes(o), MatmulKernel.flops(o), rejected);
  }

  @Override
  public boolean runs(String kernel) {
    return FAMILIES.stream().anyMatch(family -> kernel.startsWith(prefix + family));
  }

  @Override
  public void bind(Matmul o, CudaPlan plan, Binding binding) {
    Gpu gpu = binding.gpu();
    TileCut cut = TileCut.of(o, gpu.manifest().kernel(plan.kernel()), rates(gpu), gpu);
    binding.address(o.w(), UNIT, plan.kernel());
    if (cut.parted()) {
      LaunchBuilder parting = binding.launch(PARTING);
      RowShape.of(binding, o.x(), o.y()).pass(parting, "x", o.x(), binding);
      parting.pointer("parts", binding.workspace()).set("row_bytes", cut.partRowBytes()).set("part_bytes", cut.partBytes()).set("k", cut.k())
          .grid(Plans.blocksOf(PARTING, cut.partBytes() / 2 / ELEMENTS_PER_PARTING_THREAD, gpu));
    }
    long partial = cut.splits() == 1 ? 0 : binding.workspace() + cut.splitsAt();
    LaunchBuilder tiles = y(binding.launch(plan.kernel()), o, binding).pointer("bias", binding.address(o.bias())).pointer("partial", partial)
        .set("n", cut.n()).set("k", cut.k()).set("splits", cut.splits()).set("group", cut.group()).shared(cut.kernel().tile("shared"));
    launch(tiles, o, cut, cut.parted() ? binding.workspace() : binding.address(o.x(), UNIT, plan.kernel()), binding);
    if (cut.splits() > 1) {
      y(binding.launch(ADDING), o, binding).pointer("partial", partial).pointer("bias", binding.address(o.bias())).set("n", cut.n())
          .set("splits", cut.splits()).grid(Plans.blocksOf(ADDING, (long) cut.m() * Math.ceilDiv(cut.n(), COLUMNS_PER_ADDING_THREAD), gpu));
    }
  }

  private static LaunchBuilder y(LaunchBuilder launch, Matmul o, Binding binding) {
    return RowShape.of(binding, o.y(), o.x()).pass(launch, "y", o.y(), binding);
  }

  /** Bytes from one row of x to the next, as it is or in parts. */
  static long rowBytes(Matmul o, TileCut cut) {
    return cut.parted() ? cut.partRowBytes() : MatmulKernel.stride(o.x());
  }
}

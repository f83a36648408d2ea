package dev.gatun.tck.example;

import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Storage;
import dev.gatun.spi.Fusion;
import dev.gatun.spi.TemporaryLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Turns a program into steps: which operators run together, where temporaries lie, which kernel gets which addresses. */
final class ExampleCompiler {
  private static final int MATMUL_OF_A_FALLBACK = 64;
  private static final int EXIT_OF_AN_ABORT = 134;

  private final Settings settings;
  private final ExampleMemory.Pool pool;

  ExampleCompiler(Settings settings, ExampleMemory.Pool pool) {
    this.settings = settings;
    this.pool = pool;
  }

  ExampleExecutable compile(Program program) {
    List<Fusion.Group> groups = new ArrayList<>();
    for (Fusion.Group group : settings.fuse() ? Fusion.groups(program) : Fusion.apart(program)) {
      groups.addAll(fuses(group) ? List.of(group) : group.operators().stream().map(Fusion.Single::new).toList());
    }
    Set<Storage> elided = groups.stream().flatMap(group -> group.elided().stream()).collect(Collectors.toSet());
    TemporaryLayout layout = TemporaryLayout.of(groups.stream().map(Fusion.Group::operators).toList(), elided, ExampleMemory.ALIGNMENT);
    List<ExamplePlan> plans = groups.stream().map(this::plan).toList();
    long scratch = align(plans.stream().mapToLong(ExamplePlan::workspaceBytes).max().orElse(0));
    ExampleMemory workspace = pool.allocate(scratch + layout.bytes());
    try {
      Binding at = new Binding(workspace, scratch, layout.offsets(), settings.defect());
      List<ExampleExecutable.Step> steps = new ArrayList<>();
      for (int i = 0; i < groups.size(); i++) {
        steps.add(new ExampleExecutable.Step(groups.get(i).operators(), plans.get(i), bind(groups.get(i), at)));
      }
      return new ExampleExecutable(program.name(), steps, workspace);
    } catch (RuntimeException | Error e) {
      workspace.free();
      throw e;
    }
  }

  private static long align(long bytes) {
    return Math.ceilDiv(bytes, ExampleMemory.ALIGNMENT) * ExampleMemory.ALIGNMENT;
  }

  /** A norm that nothing but matmuls reads, and those matmuls; whatever follows them runs by itself. */
  private static boolean fuses(Fusion.Group group) {
    return group instanceof Fusion.Matmuls matmuls && matmuls.norm().isPresent() && !matmuls.keepNorm() && matmuls.gate().isEmpty();
  }

  private ExamplePlan plan(Fusion.Group group) {
    List<ExamplePlan> parts = group.operators().stream().map(this::plan).toList();
    if (group instanceof Fusion.Matmuls matmuls) {
      long kept = matmuls.elided().stream().mapToLong(Storage::bytes).sum() * (1 + matmuls.matmuls().size());
      return new ExamplePlan(Fusion.name(matmuls), parts.getLast().tile(), parts.getLast().workspaceBytes(),
          parts.stream().mapToLong(ExamplePlan::bytes).sum() - kept, parts.stream().mapToLong(ExamplePlan::flops).sum(), List.of());
    }
    return parts.getFirst();
  }

  private ExamplePlan plan(Operator operator) {
    if (Decisions.of(operator, settings.defect()) instanceof ExamplePlan plan) {
      boolean falls = settings.defect() == Defect.SILENT_FALLBACK && operator instanceof Matmul matmul
          && matmul.x().size(1) >= MATMUL_OF_A_FALLBACK;
      return falls ? plan.of("matmul_generic") : plan;
    }
    throw new IllegalStateException("an operator that is not served reached the compiler: " + operator.toCase());
  }

  private Runnable bind(Fusion.Group group, Binding at) {
    if (group instanceof Fusion.Matmuls matmuls) {
      return MatmulKernel.normed(matmuls.norm().orElseThrow(), matmuls.matmuls(), at);
    }
    Operator operator = group.operators().getFirst();
    if (!operator.name().equals(settings.at())) {
      return Kernels.bind(operator, at);
    }
    return switch (settings.defect()) {
      case CLAIM_THAT_THROWS -> () -> {
        throw new UnsupportedOperationException("no such kernel");
      };
      case CRASH -> () -> Runtime.getRuntime().halt(EXIT_OF_AN_ABORT);
      case HANG -> ExampleCompiler::hang;
      default -> Kernels.bind(operator, at);
    };
  }

  private static void hang() {
    while (true) {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        continue;
      }
    }
  }
}

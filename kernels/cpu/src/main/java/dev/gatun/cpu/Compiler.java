package dev.gatun.cpu;

import dev.gatun.Buffer;
import dev.gatun.Explanation;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Storage;
import dev.gatun.cpu.op.AttentionKernel;
import dev.gatun.cpu.op.Binding;
import dev.gatun.cpu.op.MlaKernel;
import dev.gatun.cpu.op.OperatorKernels;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Fusion;
import dev.gatun.spi.Plan;
import dev.gatun.spi.TemporaryLayout;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Turns programs into steps: fusion along the dataflow, addresses for temporaries, binding. */
final class Compiler {
  private final WeightLayout layout;
  private final OperatorKernels kernels;
  private final int workers;
  private final boolean fuse;
  private final Optional<Slowdown> slowdown;

  Compiler(WeightLayout layout, int workers, boolean fuse, Optional<Slowdown> slowdown) {
    this.layout = layout;
    this.kernels = new OperatorKernels(layout.lanes(), new MatmulOperator(layout), new GroupedMatmulOperator(layout),
        new AttentionKernel(layout.natives()::attention), new MlaKernel(layout.natives()::attention, layout::products));
    this.workers = workers;
    this.fuse = fuse;
    this.slowdown = slowdown;
  }

  /** The one decision about an operator. */
  Decision plan(Operator operator) {
    return kernels.plan(operator, workers);
  }

  CpuExecutable compile(Program program) {
    reach(program);
    List<Fusion.Group> groups = fuse ? Fusion.groups(program) : Fusion.apart(program);
    Set<Storage> elided = groups.stream().flatMap(group -> group.elided().stream()).collect(Collectors.toSet());
    TemporaryLayout temporaries = TemporaryLayout.of(groups.stream().map(Fusion.Group::operators).toList(), elided, CpuMemory.ALIGNMENT);
    long scratch = 0;
    for (Fusion.Group group : groups) {
      scratch = Math.max(scratch, scratchBytes(group));
    }
    long total = temporaries.bytes() + scratch;
    Optional<CpuMemory> workspace = total == 0 ? Optional.empty() : Optional.of(new CpuMemory(total));
    try {
      MemorySegment memory = workspace.map(CpuMemory::segment).orElse(MemorySegment.NULL);
      Binding binding = new Binding(storage -> place(storage, memory, temporaries.offsets()), new Binding.Place(memory, temporaries.bytes()), workers,
          layout.math());
      List<CpuExecutable.Stage> stages = new ArrayList<>();
      for (Fusion.Group group : groups) {
        stages.add(slowed(group, bind(group, binding)));
      }
      return new CpuExecutable(program.name(), stages, workspace);
    } catch (RuntimeException | Error e) {
      workspace.ifPresent(CpuMemory::free);
      throw e;
    }
  }

  private static void reach(Program program) {
    for (int i = 0; i < program.operators().size(); i++) {
      Operator operator = program.operators().get(i);
      for (Operator.Operand operand : operator.operands()) {
        String what = "cpu: program " + program.name() + ", operator " + i + " " + operator.name() + ": " + operand.name();
        if (operand.tensor().storage() instanceof Buffer) {
          HostAccess.operand(what, operand.tensor());
        }
        operand.tensor().count().ifPresent(count -> HostAccess.operand(what + "'s count", count));
      }
    }
  }

  private static Binding.Place place(Storage storage, MemorySegment workspace, Map<Storage, Long> offsets) {
    return switch (storage) {
      case Buffer buffer -> new Binding.Place(buffer.host().orElseThrow(), 0);
      case Storage.Temporary temporary -> new Binding.Place(workspace, offsets.get(temporary));
      case Storage.Nowhere nowhere -> throw new IllegalStateException("a tensor without storage reached the compiler");
    };
  }

  private long scratchBytes(Fusion.Group group) {
    return switch (group) {
      case Fusion.Matmuls matmuls -> MatmulStage.scratchBytes(matmuls, layout);
      case Fusion.Single single -> planned(single.operator()).workspaceBytes();
    };
  }

  private Plan planned(Operator operator) {
    if (plan(operator) instanceof Plan plan) {
      return plan;
    }
    throw new IllegalStateException("an unsupported operator reached the compiler: " + operator.toCase());
  }

  private CpuExecutable.Stage slowed(Fusion.Group group, CpuExecutable.Stage stage) {
    return slowdown.filter(asked -> asked.isOf(group.operators()))
        .map(asked -> new CpuExecutable.Stage(stage.explanation(), asked.of(stage.steps()))).orElse(stage);
  }

  private CpuExecutable.Stage bind(Fusion.Group group, Binding binding) {
    return switch (group) {
      case Fusion.Matmuls matmuls -> MatmulStage.bind(matmuls, layout, binding);
      case Fusion.Single single -> {
        Plan plan = planned(single.operator());
        yield new CpuExecutable.Stage(
            () -> new Explanation.Step(List.of(single.operator().toCase().line()), plan.kernel(), plan.tile(), plan.bytes(), plan.flops(), 0,
                plan.rejected()),
            kernels.bind(single.operator(), binding));
      }
    };
  }
}

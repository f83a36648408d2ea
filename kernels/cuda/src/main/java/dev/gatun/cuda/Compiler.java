package dev.gatun.cuda;

import dev.gatun.Buffer;
import dev.gatun.Explanation;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.op.Binding;
import dev.gatun.cuda.op.CudaPlan;
import dev.gatun.cuda.op.FusedCacheWrite;
import dev.gatun.cuda.op.FusedMatmuls;
import dev.gatun.cuda.op.MatmulArgmax;
import dev.gatun.cuda.op.OperatorKernels;
import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.Stream;
import dev.gatun.ffi.cuda.TensorMap;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.Fusion;
import dev.gatun.spi.TemporaryLayout;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/** Turns programs into graphs: rewrites along the dataflow, addresses for temporaries, launches. */
final class Compiler {
  static final int ALIGNMENT = 256;

  private final Gpu gpu;
  private final Context context;
  private final LoadedKernels kernels;
  private final LongFunction<DeviceMemory> allocate;
  private final boolean graphs;
  private final boolean fuse;
  private final boolean programmatic;

  /**
   * A compiler.
   *
   * @param allocate gives device memory
   * @param graphs whether a program becomes one graph
   * @param fuse whether programs are rewritten
   * @param programmatic whether kernels that allow it are launched while those before them still run
   */
  Compiler(Gpu gpu, Context context, LoadedKernels kernels, LongFunction<DeviceMemory> allocate, boolean graphs, boolean fuse, boolean programmatic) {
    this.gpu = gpu;
    this.context = context;
    this.kernels = kernels;
    this.allocate = allocate;
    this.graphs = graphs;
    this.fuse = fuse;
    this.programmatic = programmatic;
  }

  /** What becomes one stage: the operators it does, the temporaries it does without, and what is launched. */
  private record Work(List<Operator> operators, Set<Storage> elided, CudaPlan plan, Consumer<Binding> bind) {
    Explanation.Step explanation() {
      return new Explanation.Step(operators.stream().map(o -> o.toCase().line()).toList(), plan.kernel(), plan.tile(), plan.bytes(), plan.flops(), 0,
          plan.rejected());
    }
  }

  CudaExecutable compile(Program program) {
    List<Work> works = works(program);
    Set<Storage> elided = works.stream().flatMap(work -> work.elided().stream()).collect(Collectors.toSet());
    TemporaryLayout layout = TemporaryLayout.of(works.stream().map(Work::operators).toList(), elided, ALIGNMENT);
    long scratch = works.stream().mapToLong(work -> work.plan().workspaceBytes()).max().orElse(0);
    long total = layout.bytes() + scratch;
    List<Tensor> written = program.operators().stream().flatMap(operator -> operator.writes().stream()).toList();
    Arena parameters = Arena.ofShared();
    List<DeviceMemory> owned = new ArrayList<>();
    return Calls.get(() -> {
      CudaExecutable executable = null;
      try (Stream stream = context.newStream()) {
        Constants constants = new Constants(bytes -> kept(bytes, owned), stream);
        long base = total == 0 ? 0 : kept(total, owned).address();
        List<CudaExecutable.Stage> stages = new ArrayList<>();
        for (Work work : works) {
          Binding binding = new Binding(gpu, storage -> place(storage, base, layout.offsets()), base + layout.bytes(), constants::address,
              (type, address, sizes, strides, box, swizzle, promotion) -> TensorMap.tiled(context, type, address, sizes, strides, box, swizzle, promotion),
              tensor -> written.stream().noneMatch(tensor::overlaps), parameters);
          work.bind().accept(binding);
          stages.add(new CudaExecutable.Stage(work::explanation, binding.launches()));
        }
        executable = new CudaExecutable(program.name(), context, kernels, stages, owned, parameters, programmatic,
            graphs ? Optional.of(stream) : Optional.empty());
      } catch (RuntimeException | Error e) {
        Release.after(e, executable == null ? CudaExecutable.ends(owned, parameters) : List.of(executable::close));
        throw e;
      }
      return executable;
    });
  }

  /** Runs launches that belong to no program, and waits for them. */
  void once(Stream stream, Consumer<Binding> bind) {
    try (Arena arena = Arena.ofShared()) {
      Binding binding = new Binding(gpu, storage -> place(storage, 0, Map.of()), 0, _ -> {
        throw new IllegalStateException("a launch outside of a program has no table");
      }, (type, address, sizes, strides, box, swizzle, promotion) -> TensorMap.tiled(context, type, address, sizes, strides, box, swizzle, promotion),
          _ -> false, arena);
      bind.accept(binding);
      Calls.run(() -> {
        binding.launches().forEach(launch -> {
          kernels.prepare(launch);
          kernels.launch(stream, launch, false);
        });
        stream.synchronize();
      });
    }
  }

  private DeviceMemory kept(long bytes, List<DeviceMemory> owned) {
    DeviceMemory memory = allocate.apply(bytes);
    owned.add(memory);
    return memory;
  }

  private List<Work> works(Program program) {
    List<Work> works = new ArrayList<>();
    List<Fusion.Group> groups = fuse ? Fusion.groups(program) : Fusion.apart(program);
    int operator = 0;
    int at = 0;
    while (at < groups.size()) {
      Fusion.Group group = groups.get(at);
      Optional<MatmulArgmax> chosen = fuse && at + 1 < groups.size() ? MatmulArgmax.of(group, groups.get(at + 1), gpu) : Optional.empty();
      Optional<FusedCacheWrite> write = fuse && group instanceof Fusion.Single ? FusedCacheWrite.at(program.operators(), operator, gpu) : Optional.empty();
      int first = at;
      if (chosen.isPresent()) {
        MatmulArgmax both = chosen.get();
        works.add(new Work(both.operators(), both.elided(), both.plan(gpu), both::bind));
        at += 2;
      } else if (write.isPresent() && wholeGroups(groups, at, write.get().operators().size()) > 0) {
        FusedCacheWrite fused = write.get();
        works.add(new Work(fused.operators(), fused.elided(), fused.plan(gpu), fused::bind));
        at += wholeGroups(groups, at, fused.operators().size());
      } else {
        works.addAll(works(group));
        at++;
      }
      operator += groups.subList(first, at).stream().mapToInt(g -> g.operators().size()).sum();
    }
    return works;
  }

  /** How many groups from {@code at} on have as many operators together; 0 where the last of these begins a group of more. */
  private static int wholeGroups(List<Fusion.Group> groups, int at, int operators) {
    int count = 0;
    int seen = 0;
    while (seen < operators && at + count < groups.size()) {
      seen += groups.get(at + count).operators().size();
      count++;
    }
    return seen == operators ? count : 0;
  }

  private List<Work> works(Fusion.Group group) {
    List<FusedMatmuls> fused = group instanceof Fusion.Matmuls matmuls ? FusedMatmuls.of(matmuls, gpu) : List.of();
    return fused.stream().anyMatch(FusedMatmuls::isFused)
        ? fused.stream().map(part -> new Work(part.operators(), part.elided(), part.plan(gpu), part::bind)).toList()
        : group.operators().stream().map(this::alone).toList();
  }

  private Work alone(Operator operator) {
    if (OperatorKernels.plan(operator, gpu) instanceof CudaPlan plan) {
      return new Work(List.of(operator), Set.of(), plan, binding -> OperatorKernels.bind(operator, plan, binding));
    }
    throw new IllegalStateException("an unsupported operator reached the compiler: " + operator.toCase());
  }

  private static long place(Storage storage, long workspace, Map<Storage, Long> offsets) {
    return switch (storage) {
      case Buffer buffer -> buffer.memory().address();
      case Storage.Temporary temporary -> workspace + offsets.get(temporary);
      case Storage.Nowhere nowhere -> throw new IllegalStateException("a tensor without storage reached the compiler");
    };
  }
}

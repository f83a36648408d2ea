package dev.gatun.c;

import dev.gatun.Attention;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.TemporaryLayout;
import dev.gatun.spi.Unsupported;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongFunction;

/** Asks the launch functions what they serve, and binds programs to them, one launch an operator. */
final class Compiler {
  private static final int LEAST_ALIGNMENT = 16;

  private final CLibrary library;
  private final long device;
  private final int alignment;
  private final LongFunction<DeviceMemory> allocate;

  Compiler(CLibrary library, long device, int alignment, LongFunction<DeviceMemory> allocate) {
    this.library = library;
    this.device = device;
    this.alignment = Math.max(LEAST_ALIGNMENT, alignment);
    this.allocate = allocate;
  }

  /** What the operator's launch function says. */
  Decision plan(Operator operator) {
    for (Operator.Operand operand : operator.operands()) {
      if (!operand.tensor().isPlain()) {
        return new Unsupported(operand.name() + " " + operand.tensor()
            + " was prepared by another backend; pass the tensor it was prepared from");
      }
    }
    String name = Launch.function(operator);
    // A cache that no library could have been given has no layout to ask about.
    Optional<String> geometry = operator.cache().flatMap(cache -> CacheGeometry.refusal(cache.spec()));
    if (geometry.isPresent()) {
      return new Unsupported(geometry.get());
    }
    if (Launch.LEFT_OUT.contains(operator.getClass())) {
      return new Unsupported("the interface in C has no function for " + operator.name());
    }
    if (operator instanceof Attention attention && attention.options().maxBias() > 0) {
      return new Unsupported("gatun_attention takes no ALiBi slopes, here of a max_bias of " + attention.options().maxBias() + "; use the CPU or CUDA backend");
    }
    try (Arena arena = Arena.ofConfined()) {
      Launch question = Launch.of(operator, Places.NOWHERE, arena);
      Optional<CFunction> function = library.launch(name, question.shape());
      if (function.isEmpty()) {
        return new Unsupported(library.fileName() + " has no " + name);
      }
      int status = function.get().launch(function.get().bound(device, question.arguments()), 0);
      if (status == Status.OK) {
        return new CPlan(name, "chosen by " + library.fileName(), Cost.bytes(operator), Cost.flops(operator));
      }
      String message = library.message();
      if (status == Status.UNSUPPORTED) {
        return new Unsupported(message.isBlank() ? name + " of " + library.fileName() + " refuses this case and gave no reason" : message);
      }
      throw Status.failure(library.backend() + ": " + name + " of " + library.fileName() + ", asked whether it serves " + operator.toCase()
          + ", failed", status, message);
    }
  }

  CExecutable compile(Program program) {
    List<Operator> operators = program.operators();
    TemporaryLayout layout = TemporaryLayout.of(operators.stream().map(List::of).toList(), Set.of(), alignment);
    Arena structs = Arena.ofShared();
    Optional<DeviceMemory> workspace = Optional.empty();
    try {
      workspace = layout.bytes() == 0 ? Optional.empty() : Optional.of(allocate.apply(layout.bytes()));
      Places places = new Places.Real(workspace.map(DeviceMemory::address).orElse(0L), layout.offsets());
      List<CExecutable.Step> steps = new ArrayList<>();
      for (Operator operator : operators) {
        if (!(plan(operator) instanceof CPlan plan)) {
          throw new IllegalStateException("an unsupported operator reached the compiler: " + operator.toCase());
        }
        Launch launch = Launch.of(operator, places, structs);
        CFunction function = library.launch(plan.kernel(), launch.shape()).orElseThrow();
        steps.add(new CExecutable.Step(function, function.bound(device, launch.arguments()), operator.toCase().line(), plan));
      }
      return new CExecutable(library, program.name(), steps, workspace, structs);
    } catch (RuntimeException | Error e) {
      Optional<DeviceMemory> made = workspace;
      Release.after(e, () -> made.ifPresent(DeviceMemory::free), structs::close);
      throw e;
    }
  }
}

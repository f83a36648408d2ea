package dev.gatun.tornado;

import dev.gatun.Buffer;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.spi.Decision;
import dev.gatun.spi.TemporaryLayout;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Place;
import dev.gatun.tornado.op.Binding;
import dev.gatun.tornado.op.Operators;
import dev.gatun.tornado.op.TornadoPlan;
import dev.gatun.tornado.op.Traits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes one task graph of a program. */
final class Compiler {
  private final Machine machine;
  private final Traits traits;

  Compiler(Machine machine, Traits traits) {
    this.machine = machine;
    this.traits = traits;
  }

  /** The decision about an operator. */
  Decision plan(Operator operator) {
    return Operators.plan(operator, traits);
  }

  TornadoExecutable compile(Program program) {
    List<Operator> operators = program.operators();
    TemporaryLayout layout = TemporaryLayout.of(operators.stream().map(List::of).toList(), Set.of(), Slabs.ALIGNMENT);
    List<TornadoPlan> plans = operators.stream().map(this::planned).toList();
    long scratch = plans.stream().mapToLong(TornadoPlan::workspaceBytes).max().orElse(0);
    long bytes = layout.bytes() + scratch;
    // Temporaries of no elements have a place too.
    Optional<TornadoMemory> workspace = bytes == 0 && layout.offsets().isEmpty() ? Optional.empty() : Optional.of(machine.allocate(bytes));
    try {
      Place own = workspace.map(memory -> memory.place(layout.bytes())).orElse(new Place(0, 0));
      Binding binding = new Binding(storage -> place(storage, layout, workspace), own);
      List<TornadoExecutable.Part> parts = new ArrayList<>();
      for (int i = 0; i < operators.size(); i++) {
        parts.add(new TornadoExecutable.Part(operators.get(i).toCase().line(), plans.get(i), Operators.launches(operators.get(i), traits, binding)));
      }
      return new TornadoExecutable(machine, program.name(), parts, workspace);
    } catch (RuntimeException | Error e) {
      workspace.ifPresent(TornadoMemory::free);
      throw e;
    }
  }

  private TornadoPlan planned(Operator operator) {
    return switch (plan(operator)) {
      case TornadoPlan plan -> plan;
      case Unsupported unsupported -> throw new IllegalStateException(operator.toCase() + " reached the compiler: " + unsupported.reason());
      default -> throw new IllegalStateException("a plan of another backend");
    };
  }

  private static Place place(Storage storage, TemporaryLayout layout, Optional<TornadoMemory> workspace) {
    return switch (storage) {
      case Buffer buffer when buffer.memory() instanceof TornadoMemory memory -> memory.place(0);
      case Storage.Temporary temporary -> workspace.orElseThrow().place(layout.offsets().get(temporary));
      default -> throw new dev.gatun.GatunException("tornado: an operand lies in host memory; bring it to the device by prepare or Stream.copy");
    };
  }
}

package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Prepared;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.UnsupportedCaseException;
import dev.gatun.Use;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Plan;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.lab.CheckException;
import dev.gatun.tck.lab.Fill;
import dev.gatun.tck.lab.Placement;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** What is promised of plans and of weights made ready. */
final class PlanPromises {
  private static final int N = 48;

  private PlanPromises() {}

  static void list(Promises to) {
    to.with("plan_is_pure", PlanPromises::pure)
        .with("claims_are_kept", PlanPromises::kept)
        .with("weight_is_made_ready", PlanPromises::ready);
  }

  private static List<String> decisions(Ground ground, List<Operator> operators) {
    return operators.stream().map(operator -> operator.toCase() + ": " + told(ground.backend().plan(operator))).toList();
  }

  private static String told(Decision decision) {
    return switch (decision) {
      case Unsupported refusal -> "unsupported: " + refusal.reason();
      case Plan plan -> String.join(" ", plan.kernel(), plan.tile(), Long.toString(plan.workspaceBytes()), Long.toString(plan.bytes()), Long.toString(plan.flops()));
    };
  }

  /** The same plan again, after other work, from several threads, and from another instance. */
  private static void pure(Ground ground) {
    List<Operator> operators = OperatorSamples.all(ground);
    List<String> first = decisions(ground, operators);
    same(ground, "asked again", first, decisions(ground, operators));
    ground.works(ground.backend(), "between two plans");
    Tensor x = ground.zeros(ground.backend());
    try (var executable = ground.adding(ground.backend(), x, ground.steps())) {
      ground.stream().submit(executable);
      same(ground, "asked with work in flight", first, decisions(ground, operators));
      ground.stream().synchronize();
    }
    Thread[] threads = new Thread[2];
    String[] failures = {"", ""};
    for (int i = 0; i < threads.length; i++) {
      int which = i;
      threads[i] = new Thread(() -> {
        try {
          same(ground, "asked from two threads at once", first, decisions(ground, operators));
        } catch (RuntimeException e) {
          failures[which] = e.getMessage();
        }
      });
      threads[i].start();
    }
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    ground.holds(failures[0].isEmpty() && failures[1].isEmpty(), () -> failures[0] + failures[1]);
    var other = ground.another();
    same(ground, "asked of another instance", first, operators.stream().map(operator -> operator.toCase() + ": " + told(other.plan(operator))).toList());
  }

  private static void same(Ground ground, String when, List<String> first, List<String> now) {
    for (int i = 0; i < first.size(); i++) {
      int at = i;
      ground.holds(first.get(i).equals(now.get(i)), () -> when + ", the backend plans differently: " + first.get(at) + ", then " + now.get(at));
    }
  }

  /** Every operator that takes the case's type runs if its plan says so, and is refused with the plan's reason if not. */
  private static void kept(Ground ground) {
    DType type = ground.values.dtype("w");
    for (Operator operator : OperatorSamples.of(ground, type)) {
      Operator mapped = ground.bench.onDevice(operator);
      Decision decision = ground.backend().plan(mapped);
      ground.bench.upload();
      try {
        ground.stream().run(mapped);
        ground.holds(decision instanceof Plan, () -> "refused, yet it runs: " + mapped.toCase() + ": " + told(decision));
      } catch (UnsupportedCaseException e) {
        ground.holds(decision instanceof Unsupported, () -> "claimed, yet refused when run: " + mapped.toCase() + ": " + e.getMessage());
        String reason = ((Unsupported) decision).reason();
        ground.holds(!reason.isBlank() && e.getMessage().contains(reason), () -> mapped.toCase() + " is refused for '" + e.getMessage()
            + "', its plan says '" + reason + "'");
      } catch (RuntimeException | Error e) {
        throw new CheckException("promise", "claimed, yet it throws: " + mapped.toCase() + ": " + e);
      }
      if (decision instanceof Plan plan) {
        ground.holds(!plan.kernel().isBlank() && plan.workspaceBytes() >= 0 && plan.bytes() >= 0 && plan.flops() >= 0,
            () -> "a plan without a kernel, or of negative bytes or operations: " + mapped.toCase() + ": " + told(plan));
      }
    }
    ground.stream().synchronize();
  }

  /** It says what it took, keeps shape and dtype, and once made does not look at what it was made from, unless it says so. */
  private static void ready(Ground ground) {
    DType type = ground.values.dtype("w");
    Use use = ground.values.choice("use", Use.class);
    int k = Math.max(64, type.blockSize());
    Tensor plain = use == Use.VECTOR ? ground.bench.input(type, Placement.PACKED, Fill.NORMAL.values(ground.values.seed("weight"), k), k)
        : ground.bench.input(type, Placement.PACKED, Fill.NORMAL.values(ground.values.seed("weight"), N * k), N, k);
    Prepared prepared;
    try {
      prepared = ground.backend().prepare(plain, use);
    } catch (ShapeException | UnsupportedCaseException e) {
      ground.unsupported(e.getMessage());
      return;
    }
    Tensor tensor = prepared.tensor();
    if (!prepared.inPlace()) {
      ground.own(tensor.buffer());
    }
    ground.holds(prepared.bytes() >= 0 && prepared.nanos() >= 0, () -> "it took less than nothing: " + prepared);
    ground.holds(!prepared.reason().isBlank(), () -> "no reason is given for the layout: " + prepared);
    ground.holds(tensor.shape().equals(plain.shape()), () -> plain + " became " + tensor);
    ground.holds(prepared.inPlace() == (tensor.storage() == plain.storage()), () -> "it took " + prepared.bytes() + " bytes, yet it is "
        + (tensor.storage() == plain.storage() ? "" : "not ") + "used where it lay");
    ground.holds(prepared.inPlace() || tensor.buffer().bytes() <= prepared.bytes(), () -> "it took " + prepared.bytes() + " bytes, its buffer has "
        + tensor.buffer().bytes());
    if (use == Use.VECTOR) {
      ground.holds(tensor.isPlain() && tensor.dtype() == DType.F32, () -> "a vector must be plain F32, not " + tensor);
      return;
    }
    if (use == Use.EMBEDDING || !(ground.backend().plan(product(ground, tensor)) instanceof Plan) || prepared.inPlace()) {
      return;
    }
    Operator product = product(ground, tensor);
    ground.stream().run(product);
    float[] wanted = ground.stream().readFloats(product.writes().getFirst());
    MemorySegment memory = plain.buffer().host().orElseThrow();
    memory.asSlice(plain.offset(), plain.bytes()).fill((byte) 0xFF);
    Operator again = product(ground, tensor);
    ground.stream().run(again);
    ground.holds(Arrays.equals(wanted, ground.stream().readFloats(again.writes().getFirst())),
        () -> "the weight changes with the memory that it was made from, though it took " + prepared.bytes() + " bytes of its own");
  }

  private static Operator product(Ground ground, Tensor weight) {
    float[] ones = new float[(int) weight.size(1)];
    Arrays.fill(ones, 1);
    Tensor x = ground.backend().tensor(ones, 1, ones.length);
    return new Matmul(x, weight, ground.backend().allocate(DType.F32, 1, weight.size(0)));
  }
}

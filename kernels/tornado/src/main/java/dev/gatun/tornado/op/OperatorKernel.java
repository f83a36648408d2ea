package dev.gatun.tornado.op;

import dev.gatun.Operator;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Launch;
import java.util.List;

/** One operator's form on TornadoVM. Stateless. */
interface OperatorKernel<O extends Operator> {
  /** The decision about a case; reads no address. A {@link TornadoPlan}, or a refusal. */
  Decision plan(O operator, Traits traits);

  /** The launches that do it, in order, one of them by the kernel that the plan names; called only where {@link #plan} gave a plan. */
  List<Launch> launches(O operator, Traits traits, Binding binding);
}

package dev.gatun.cpu.op;

import dev.gatun.Operator;
import dev.gatun.spi.Decision;
import java.util.List;

/** One operator's form on the CPU. Stateless. */
public interface OperatorKernel<O extends Operator> {
  /** The decision about a case; reads no address. */
  Decision plan(O operator, Lanes lanes, int workers);

  /** The steps that do it, in order; called only where {@link #plan} gave a plan. */
  List<Step> bind(O operator, Lanes lanes, Binding binding);
}

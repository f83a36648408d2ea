package dev.gatun.cpu.op;

import dev.gatun.Penalize;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;

final class PenalizeKernel implements OperatorKernel<Penalize> {
  @Override
  public Decision plan(Penalize operator, Lanes lanes, int workers) {
    return new Unsupported("not yet");
  }

  @Override
  public List<Step> bind(Penalize operator, Lanes lanes, Binding binding) {
    throw new IllegalStateException("no plan");
  }
}

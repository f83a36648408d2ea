package dev.gatun.cpu.op;

import dev.gatun.TopK;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;

final class TopKKernel implements OperatorKernel<TopK> {
  @Override
  public Decision plan(TopK operator, Lanes lanes, int workers) {
    return new Unsupported("not yet");
  }

  @Override
  public List<Step> bind(TopK operator, Lanes lanes, Binding binding) {
    throw new IllegalStateException("no plan");
  }
}

package dev.gatun.cpu.op;

import dev.gatun.Sample;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Unsupported;
import java.util.List;

final class SampleKernel implements OperatorKernel<Sample> {
  @Override
  public Decision plan(Sample operator, Lanes lanes, int workers) {
    return new Unsupported("not yet");
  }

  @Override
  public List<Step> bind(Sample operator, Lanes lanes, Binding binding) {
    throw new IllegalStateException("no plan");
  }
}

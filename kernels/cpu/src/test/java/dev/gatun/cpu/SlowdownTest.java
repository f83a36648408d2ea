package dev.gatun.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.Tensor;
import dev.gatun.cpu.op.Step;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SlowdownTest {
  @Test
  void namesAnOperatorAndAFactor() {
    Slowdown asked = Slowdown.of("rms_norm:1.5");
    assertThat(asked).isEqualTo(new Slowdown("rms_norm", 1.5));
    assertThat(asked).hasToString("rms_norm takes 1.5 times its time, on purpose (gatun.cpu.slow); figures mean nothing");
    Tensor one = Tensor.ofHost(MemorySegment.ofArray(new float[4]), DType.F32, 1, 4);
    Tensor out = Tensor.ofHost(MemorySegment.ofArray(new float[4]), DType.F32, 1, 4);
    assertThat(Slowdown.of("add:2").isOf(List.of(new Add(one, one, out)))).isTrue();
    assertThat(asked.isOf(List.of(new Add(one, one, out)))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "matmul", "matmul:", "matmul:x", "nosuch:2", "matmul:0.5", "matmul:101", "matmul:2:3", "matmul:-1"})
  void otherTextsAreRefused(String text) {
    assertThatThrownBy(() -> Slowdown.of(text)).isInstanceOf(GatunException.class).hasMessageContaining("gatun.cpu.slow").hasMessageContaining("matmul");
  }

  @Test
  void slowedStepsDoTheSameWork() {
    List<String> done = new ArrayList<>();
    Step step = new Step() {
      @Override
      public int units() {
        return 7;
      }

      @Override
      public int chunk() {
        return 3;
      }

      @Override
      public void run(int from, int to, int worker) {
        done.add(from + "-" + to + " " + worker);
      }
    };
    Step slowed = Slowdown.of("matmul:1").of(List.of(step)).getFirst();
    assertThat(slowed.units()).isEqualTo(7);
    assertThat(slowed.chunk()).isEqualTo(3);
    slowed.run(2, 5, 1);
    assertThat(done).containsExactly("2-5 1");
  }
}

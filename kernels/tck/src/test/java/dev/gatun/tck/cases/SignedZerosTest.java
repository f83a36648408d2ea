package dev.gatun.tck.cases;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.CheckException;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class SignedZerosTest {
  private static void verify(double... written) {
    Tensor x = Tensor.ofHost(MemorySegment.ofArray(new float[] {-0.0f, 0.0f, 1e-9f, -1e-9f}), DType.F32, 1, 4);
    Tensor y = Tensor.ofHost(MemorySegment.ofArray(new byte[8]), DType.F16, 1, 4);
    SignedZeros zeros = new SignedZeros(new Copy(x, y));
    Elements.write(Host.buffers(), y, written);
    zeros.verify("alone", new Findings());
  }

  @Test
  void zerosAndWhatRoundsToZeroKeepTheirSigns() {
    assertThatCode(() -> verify(-0.0, 0.0, 0.0, -0.0)).doesNotThrowAnyException();
  }

  @Test
  void aZeroOfTheOtherSignIsFound() {
    assertThatThrownBy(() -> verify(0.0, 0.0, 0.0, -0.0)).isInstanceOf(CheckException.class).hasMessageContaining("element 0: expected -0.0, got 0.0");
    assertThatThrownBy(() -> verify(-0.0, 0.0, 0.0, 0.0)).isInstanceOf(CheckException.class).hasMessageContaining("element 3");
    assertThatThrownBy(() -> verify(-0.0, 0.0, -0.0, -0.0)).isInstanceOf(CheckException.class).hasMessageContaining("element 2");
  }
}

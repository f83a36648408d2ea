package dev.gatun.tck.cases;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DType;
import dev.gatun.Quantize;
import dev.gatun.Tensor;
import dev.gatun.tck.lab.CheckException;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Inputs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RoundedBlocksTest {
  private static Quantize quantize(DType type, double... x) {
    Tensor from = Tensor.ofHost(MemorySegment.ofArray(new float[x.length]), DType.F32, 1, x.length);
    Elements.write(Host.buffers(), from, x);
    Quantize quantize = new Quantize(from, Tensor.ofHost(MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes(x.length))]), type, 1, x.length));
    Elements.write(Host.buffers(), quantize.y(), x);
    return quantize;
  }

  private static void flip(Quantize quantize, long at, int bits) {
    MemorySegment bytes = Host.buffers().memory(quantize.y());
    bytes.set(ValueLayout.JAVA_BYTE, at, (byte) (bytes.get(ValueLayout.JAVA_BYTE, at) ^ bits));
  }

  private static void verify(Quantize quantize) {
    new RoundedBlocks(quantize).verify("alone", new Findings());
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"})
  void oneBitOffTheReferenceIsFound(DType type) {
    Quantize quantize = quantize(type, Inputs.normal(1, 64, 1));
    assertThatCode(() -> verify(quantize)).doesNotThrowAnyException();
    flip(quantize, type.blockBytes() + 7, 1);
    assertThatThrownBy(() -> verify(quantize)).isInstanceOf(CheckException.class).hasMessageContaining("byte 7 of block 1");
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"Q2_K", "Q4_K", "Q6_K", "IQ4_NL", "MXFP4"})
  void ofASearchOnlyTheDistanceCounts(DType type) {
    Quantize quantize = quantize(type, Inputs.normal(2, 512, 1));
    assertThatCode(() -> verify(quantize)).doesNotThrowAnyException();
    Host.buffers().memory(quantize.y()).asSlice(0, type.blockBytes()).fill((byte) 0);
    assertThatThrownBy(() -> verify(quantize)).isInstanceOf(CheckException.class).hasMessageContaining("allowed");
  }

  @Test
  void whatABlockWithNanHoldsIsOpenButTheBlockBesideIsNot() {
    double[] x = Inputs.normal(3, 64, 1);
    x[40] = Double.NaN;
    Quantize quantize = quantize(DType.Q8_0, x);
    flip(quantize, DType.Q8_0.blockBytes() + 9, 0x55);
    assertThatCode(() -> verify(quantize)).doesNotThrowAnyException();
    flip(quantize, 9, 0x55);
    assertThatThrownBy(() -> verify(quantize)).isInstanceOf(CheckException.class);
  }

  @Test
  void theScaleOfABlockOfZerosHasTheSignOfTheFormula() {
    Quantize quantize = quantize(DType.Q4_0, new double[32]);
    assertThatCode(() -> verify(quantize)).doesNotThrowAnyException();
    flip(quantize, 1, 0x80);
    assertThatThrownBy(() -> verify(quantize)).isInstanceOf(CheckException.class).hasMessageContaining("byte 1 of block 0");
  }

  @Test
  void aRowOfOneDimensionIsReadToItsEnd() {
    Tensor x = Tensor.ofHost(MemorySegment.ofArray(new float[64]), DType.F32, 64);
    Tensor y = Tensor.ofHost(MemorySegment.ofArray(new byte[36]), DType.Q4_0, 64);
    Elements.write(Host.buffers(), y, new double[64]);
    Quantize quantize = new Quantize(x, y);
    assertThatCode(() -> verify(quantize)).doesNotThrowAnyException();
    flip(quantize, 35, 1);
    assertThatThrownBy(() -> verify(quantize)).isInstanceOf(CheckException.class).hasMessageContaining("byte 17 of block 1");
  }
}

package dev.gatun.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.Gatun;
import dev.gatun.Prepared;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.Use;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tensors over Java arrays, which have no address that a driver could use. */
class HeapMemoryTest {
  @BeforeEach
  void emulator() {
    Emulator.assumeBuilt();
  }

  @Test
  void arraysAreCopiedToTheDeviceAndBack() {
    try (Backend backend = Gatun.open("cuda-emulated"); Stream stream = backend.newStream()) {
      float[] source = {1, 2, 3, 4, 5, 6};
      float[] target = new float[8];
      Tensor device = backend.allocate(DType.F32, 2, 2);
      stream.copy(Tensor.ofHost(MemorySegment.ofArray(source), DType.F32, 3, 2).slice(0, 1, 3), device);
      stream.copy(device, Tensor.ofHost(MemorySegment.ofArray(target), DType.F32, 4, 2).slice(0, 2, 4));
      stream.synchronize();
      assertThat(target).containsExactly(0, 0, 0, 0, 3, 4, 5, 6);
      assertThat(stream.readFloats(device)).containsExactly(3, 4, 5, 6);
    }
  }

  @Test
  void weightsInArraysArePreparedAlsoWithGapsAndAsVectors() {
    try (Backend backend = Gatun.open("cuda-emulated"); Stream stream = backend.newStream()) {
      float[] values = {1, 2, 3, 4, 5, 6};
      Tensor columns = Tensor.ofHost(MemorySegment.ofArray(values), DType.F32, 2, 3).slice(1, 1, 3);
      Prepared matrix = backend.prepare(columns, Use.MATMUL);
      assertThat(stream.readFloats(matrix.tensor())).containsExactly(2, 3, 5, 6);
      short[] halves = {Float.floatToFloat16(0.5f), Float.floatToFloat16(-2)};
      Prepared vector = backend.prepare(Tensor.ofHost(MemorySegment.ofArray(halves), DType.F16, 2), Use.VECTOR);
      assertThat(stream.readFloats(vector.tensor())).containsExactly(0.5f, -2);
    }
  }
}

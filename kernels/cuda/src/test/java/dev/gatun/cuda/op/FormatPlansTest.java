package dev.gatun.cuda.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Buffer;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Operator;
import dev.gatun.Quantize;
import dev.gatun.Shape;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.Manifest;
import dev.gatun.spi.Unsupported;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The decisions about quantize, dequantize, embedding, gather_rows and copy. */
class FormatPlansTest {
  private static final Gpu GPU = new Gpu(75, 40, 64 << 10, Manifest.parse("a test", "gatun-cuda-manifest\t1\n"));

  private static Tensor tensor(DType type, long... shape) {
    Shape sizes = Shape.of(shape);
    return Tensor.ofHost(MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes(sizes.elements()))]), type, shape);
  }

  private static CudaPlan plan(Operator operator) {
    return (CudaPlan) OperatorKernels.plan(operator, GPU);
  }

  static Stream<DType> blockTypes() {
    return Arrays.stream(DType.values()).filter(DType::isBlock);
  }

  @ParameterizedTest
  @MethodSource("blockTypes")
  void everyBlockTypeIsExpandedByItsOwnKernelAndMovesOnce(DType type) {
    CudaPlan plan = plan(new Dequantize(tensor(type, 3, 512), tensor(DType.F16, 3, 512)));
    assertThat(plan.kernel()).isEqualTo("expand_" + type.label());
    assertThat(plan.bytes()).isEqualTo(type.bytes(3 * 512) + 2 * 3 * 512);
    assertThat(plan.workspaceBytes()).isZero();
  }

  @ParameterizedTest
  @MethodSource("blockTypes")
  void typesWithoutARoundingAreRefusedByName(DType type) {
    Quantize operator = new Quantize(tensor(DType.F32, 2, 256), tensor(type, 2, 256));
    if (type == DType.Q8_0 || type == DType.Q4_0) {
      assertThat(plan(operator).kernel()).isEqualTo("quantize_" + type.label());
    } else {
      assertThat(OperatorKernels.plan(operator, GPU)).isInstanceOfSatisfying(Unsupported.class,
          unsupported -> assertThat(unsupported.reason()).contains(type.name(), "Q8_0", "Q4_0"));
    }
  }

  @Test
  void anEmbeddingMovesThePickedRowsAlone() {
    CudaPlan plan = plan(new Embedding(tensor(DType.I32, 3), tensor(DType.Q4_K, 1000, 256), tensor(DType.F32, 3, 256)));
    assertThat(plan.kernel()).isEqualTo("expand_q4_k");
    assertThat(plan.bytes()).isEqualTo(3 * (4 + 144 + 1024));
    CudaPlan gather = plan(new GatherRows(tensor(DType.BF16, 1000, 33), tensor(DType.I32, 5), tensor(DType.BF16, 5, 33)));
    assertThat(gather.kernel()).isEqualTo("gather_rows_16");
    assertThat(gather.bytes()).isEqualTo(5 * (4 + 2 * 66));
  }

  @Test
  void aCopyIsChosenByTypesAndGaps() {
    assertThat(plan(new Copy(tensor(DType.F32, 4, 6), tensor(DType.F32, 4, 6))).kernel()).isEqualTo("copy_32_rows");
    assertThat(plan(new Copy(tensor(DType.I8, 4, 6), tensor(DType.I8, 4, 6))).kernel()).isEqualTo("copy_8_rows");
    assertThat(plan(new Copy(tensor(DType.BF16, 4, 6), tensor(DType.F8_E4M3, 4, 6))).kernel()).isEqualTo("cast_bf16_rows");
    Tensor transposed = Tensor.of(Buffer.ofHost(MemorySegment.ofArray(new byte[24])), 0, DType.F8_E5M2, Shape.of(4, 6), 1, 4);
    assertThat(plan(new Copy(transposed, tensor(DType.F32, 4, 6))).kernel()).isEqualTo("cast_strided");
    assertThat(plan(new Copy(transposed, tensor(DType.F8_E5M2, 4, 6))).kernel()).isEqualTo("copy_8_strided");
  }

  @Test
  void aCopyOfMoreRowsThanAnIntCountsIsRefused() {
    Tensor x = Tensor.of(Buffer.ofHost(MemorySegment.ofArray(new byte[1])), 0, DType.I8, Shape.of(1 << 16, 1 << 16, 1), 0, 0, 0);
    assertThat(new CopyKernel().plan(new Copy(x, tensorOf(x)), GPU)).isInstanceOfSatisfying(Unsupported.class,
        unsupported -> assertThat(unsupported.reason()).contains("rows"));
  }

  private static Tensor tensorOf(Tensor like) {
    return Tensor.of(new Storage.Nowhere(1L << 40), 0, like.dtype(), like.shape(), 1 << 16, 1, 1);
  }
}

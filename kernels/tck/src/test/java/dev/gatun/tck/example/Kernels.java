package dev.gatun.tck.example;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.GroupedMatmul;
import dev.gatun.KvAppend;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.MlaAttention;
import dev.gatun.MoeRoute;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Sample;
import dev.gatun.Scale;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.TopK;

/** The kernel of each operator. */
final class Kernels {
  private Kernels() {}

  /** The work of an operator that {@link Decisions} serves, over tensors that have their places. */
  static Runnable bind(Operator operator, Binding at) {
    return switch (operator) {
      case Add op -> ElementwiseKernels.add(op, at);
      case Mul op -> ElementwiseKernels.mul(op, at);
      case Scale op -> ElementwiseKernels.scale(op, at);
      case Softcap op -> ElementwiseKernels.softcap(op, at);
      case SiluMul op -> ElementwiseKernels.siluMul(op, at);
      case Gelu op -> ElementwiseKernels.gelu(op, at);
      case GeluMul op -> ElementwiseKernels.geluMul(op, at);
      case RmsNorm op -> NormKernels.rms(op, at);
      case LayerNorm op -> NormKernels.layer(op, at);
      case Softmax op -> NormKernels.softmax(op, at);
      case Rope op -> RopeKernel.rope(op, at);
      case Matmul op -> MatmulKernel.matmul(op, at);
      case Attention op -> AttentionKernel.attention(op, at);
      case MlaAttention op -> throw new IllegalStateException("there is no kernel for " + op.name());
      case KvAppend op -> AppendKernel.append(op, at);
      case Embedding op -> RowKernels.embedding(op, at);
      case GatherRows op -> RowKernels.gather(op, at);
      case Copy op -> RowKernels.copy(op, at);
      case Quantize op -> RowKernels.quantize(op, at);
      case Dequantize op -> RowKernels.dequantize(op, at);
      case Argmax op -> LogitKernels.argmax(op, at);
      case TopK op -> LogitKernels.topK(op, at);
      case Penalize op -> LogitKernels.penalize(op, at);
      case Sample op -> SampleKernel.sample(op, at);
      case GroupedMatmul _, MoeRoute _ -> throw new IllegalArgumentException(operator.name() + " has no kernel here");
    };
  }
}

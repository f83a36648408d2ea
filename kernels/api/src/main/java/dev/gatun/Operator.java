package dev.gatun;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One operator of the catalogue: its tensors and its flags. Every operator is a record; its constructor checks shapes, dtypes and flags and throws
 * {@link ShapeException}. A record does nothing by itself: {@link Stream#run} runs one, a {@link Program} lists many.
 *
 * <p>What all have in common: dimension 0 counts rows (tokens) and may vary ({@link Tensor#count()}); rows at or past the actual count are neither
 * read nor written. Sums are accumulated in float32 or better. Operands enter products and sums as they are; where an operator lets a backend
 * round them first, it says so. Arithmetic may take denormal F32 numbers for zeros; what only moves elements keeps them. tanh and the logistic
 * function may be off by 2^-11 of themselves. Every element of an output within the actual count is written. NaN and infinity propagate as in IEEE
 * 754 arithmetic. An output may share memory with an input only where {@link #inPlace()} lists the pair and both are exactly the same view; any
 * other overlap of an output throws when the program is built. Same inputs, same device and same plan give the same bits, and the bits of a row do
 * not depend on what is in the rows of other tokens, but where the operator itself sums over them.
 */
public sealed interface Operator
    permits Add, Argmax, Attention, Copy, Dequantize, Embedding, GatherRows, Gelu, GeluMul, GroupedMatmul, KvAppend, LayerNorm, Matmul, MlaAttention, MoeRoute,
        Mul, Penalize, Quantize, RmsNorm, Rope, Sample, Scale, SiluMul, Softcap, Softmax, TopK {

  /** A tensor of an operator under its component's name. */
  record Operand(String name, Tensor tensor, Access access) {
    static Operand in(String name, Tensor tensor) {
      return new Operand(name, tensor, Access.READ);
    }

    static Operand out(String name, Tensor tensor) {
      return new Operand(name, tensor, Access.WRITE);
    }
  }

  /** What an operator does to an operand. */
  enum Access {
    /** Reads it. */
    READ,
    /** Writes it, whatever was there. */
    WRITE
  }

  /** A pair that may be the same view: the output named {@code output} computed over the input named {@code input}. */
  record InPlace(String input, String output) {}

  /** A flag's name and value, as {@link Case} lines write it. */
  record Flag(String name, Object value) {}

  /** The operator's standard name, for example {@code rms_norm}. */
  String name();

  /** The tensors it reads and writes, in the order of the record; counts of varying tensors are not listed. */
  List<Operand> operands();

  /** Everything else that decides the result: scalars, modes, cache geometry. */
  default List<Flag> flags() {
    return List.of();
  }

  /** The pairs that may be computed in place. */
  default List<InPlace> inPlace() {
    return List.of();
  }

  /** The cache this operator appends to or reads, if it does. */
  default java.util.Optional<KvCache> cache() {
    return java.util.Optional.empty();
  }

  /** The same operator over other tensors: each tensor, optional ones and counts aside, replaced by what {@code replace} gives for it. */
  Operator with(UnaryOperator<Tensor> replace);

  /** The tensors read. */
  default List<Tensor> reads() {
    return operands().stream().filter(o -> o.access() == Access.READ).map(Operand::tensor).toList();
  }

  /** The tensors written. */
  default List<Tensor> writes() {
    return operands().stream().filter(o -> o.access() == Access.WRITE).map(Operand::tensor).toList();
  }

  /** What is left of this operator when addresses are taken away. */
  default Case toCase() {
    return new Case(with(Tensor::nowhere));
  }
}

package dev.gatun.tornado.op;

import dev.gatun.DType;
import dev.gatun.Operator;
import dev.gatun.Tensor;
import dev.gatun.spi.Unsupported;
import dev.gatun.tornado.kernel.Blocks;
import dev.gatun.tornado.kernel.Elements;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Place;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/** Tensors in the numbers that kernels take. */
final class Shapes {
  private static final int DIMENSIONS = 3;

  /** Kernels count elements in an int, and the last group may reach past them. */
  private static final int MOST_ELEMENTS = Integer.MAX_VALUE - 1024;

  private Shapes() {}

  /** From one index of a dimension to the next, in elements; 0 where no kernel takes that way, since it may be anything there. */
  static long stride(Tensor tensor, int dimension) {
    return tensor.size(dimension) > 1 && tensor.shape().elements() > 0 ? tensor.stride(dimension) : 0;
  }

  /** The number that kernels know a float or block type by. */
  static int type(Tensor tensor) {
    return type(tensor.dtype());
  }

  /** The number that kernels know a float or block type by. */
  static int type(DType type) {
    return switch (type) {
      case F32 -> Elements.F32;
      case F16 -> Elements.F16;
      case BF16 -> Elements.BF16;
      case F8_E4M3 -> Elements.F8_E4M3;
      case F8_E5M2 -> Elements.F8_E5M2;
      case Q8_0 -> Blocks.Q8_0;
      case Q4_0 -> Blocks.Q4_0;
      case Q4_1 -> Blocks.Q4_1;
      case Q5_0 -> Blocks.Q5_0;
      case Q5_1 -> Blocks.Q5_1;
      case IQ4_NL -> Blocks.IQ4_NL;
      case MXFP4 -> Blocks.MXFP4;
      case Q2_K -> Blocks.Q2_K;
      case Q3_K -> Blocks.Q3_K;
      case Q4_K -> Blocks.Q4_K;
      case Q5_K -> Blocks.Q5_K;
      case Q6_K -> Blocks.Q6_K;
      case IQ4_XS -> Blocks.IQ4_XS;
      case TQ1_0 -> Blocks.TQ1_0;
      case TQ2_0 -> Blocks.TQ2_0;
      case I8, I32 -> throw new IllegalArgumentException(type + " is of no float type");
    };
  }

  /** Rows for each index of dimension 0, rows running along all dimensions but the last. */
  static long rowsEach(Tensor tensor) {
    long rows = 1;
    for (int i = 1; i < tensor.shape().rank() - 1; i++) {
      rows *= tensor.size(i);
    }
    return rows;
  }

  /** Elements for each index of dimension 0. */
  static long elementsEach(Tensor tensor) {
    return tensor.shape().rank() == 1 ? 1 : rowsEach(tensor) * tensor.size(-1);
  }

  /** Six integers: where rows start, of a tensor of the sizes of {@code like} or of one row that is repeated in its place. */
  static long[] repeated(Tensor tensor, Tensor like, Binding binding) {
    return tensor.shape().rank() == like.shape().rank() ? rows(tensor, binding) : new long[] {binding.index(tensor), 1, 1, 0, 0, 0};
  }

  /** Six integers: where rows start, of a block type in bytes. A tensor of one dimension is one row. */
  static long[] rows(Tensor tensor, Binding binding) {
    long[] numbers = {binding.index(tensor), 1, 1, 0, 0, 0};
    int rank = tensor.shape().rank();
    for (int i = 0; i < rank - 1; i++) {
      if (i > 0) {
        numbers[i] = tensor.size(i);
      }
      long stride = stride(tensor, i);
      numbers[DIMENSIONS + i] = tensor.dtype().isBlock() ? tensor.dtype().bytes(stride) : stride;
    }
    return numbers;
  }

  /** Where the count of whichever tensor varies is, and its index; of an operator whose tensors do not vary any place, and −1. */
  record Count(Place place, long index) {
    static Count of(Binding binding, Operator operator) {
      Optional<Tensor> count = operator.operands().stream().flatMap(o -> o.tensor().count().stream()).findFirst();
      return count.map(c -> new Count(binding.place(c), binding.index(c)))
          .orElseGet(() -> new Count(binding.place(operator.operands().getFirst().tensor()), -1));
    }

    /** That of one tensor; of one that does not vary its own place, and −1. */
    static Count of(Binding binding, Tensor tensor) {
      return tensor.count().map(c -> new Count(binding.place(c), binding.index(c))).orElseGet(() -> new Count(binding.place(tensor), -1));
    }
  }

  /** The refusal of an operand that a kernel cannot see, of a launch of too many work-groups, or of kernels that need more local memory than there is. */
  static Optional<Unsupported> refusal(Operator operator, Traits traits, long groups, Kernel... kernels) {
    return refusal(operator).or(() -> Arrays.stream(kernels).flatMap(kernel -> traits.refusal(kernel).stream()).findFirst())
        .or(() -> traits.refusal(operator.name(), groups));
  }

  /** The refusal of an operand that a kernel cannot see: in another's layout, or between elements. */
  static Optional<Unsupported> refusal(Operator operator) {
    for (Operator.Operand operand : operator.operands()) {
      Tensor tensor = operand.tensor();
      if (!tensor.isPlain()) {
        return Optional.of(new Unsupported(operand.name() + " " + tensor + " was prepared by another backend; pass the tensor it was prepared from"));
      }
      if (tensor.shape().elements() > MOST_ELEMENTS || longest(tensor) > MOST_ELEMENTS) {
        return Optional.of(new Unsupported(operand.name() + " " + tensor + " has more than " + MOST_ELEMENTS + " elements, or as many rows; split it"));
      }
      if (!tensor.dtype().isBlock() && tensor.offset() % tensor.dtype().blockBytes() != 0) {
        return Optional.of(new Unsupported(operand.name() + " " + tensor + " starts at byte " + tensor.offset() + ", between two elements; copy it to an aligned buffer"));
      }
    }
    return Optional.empty();
  }

  /** The most indices of a dimension, which are many also where there is no element. */
  private static long longest(Tensor tensor) {
    return IntStream.range(0, tensor.shape().rank()).mapToLong(tensor::size).max().orElse(0);
  }

  /** Bytes of all operands, each once. */
  static long bytes(Operator operator) {
    return operator.operands().stream().map(Operator.Operand::tensor).mapToLong(t -> t.dtype().bytes(t.shape().elements())).sum();
  }

  /** {@code types of the data} as a kernel's tile names them. */
  static String types(Operator operator) {
    return operator.operands().stream().map(o -> o.tensor().dtype()).filter(t -> t != DType.I32).distinct().map(DType::label)
        .reduce((a, b) -> a + "," + b).orElse("");
  }
}

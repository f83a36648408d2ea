package dev.gatun;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A list of operators over declared tensors, built once, compiled by {@link Backend#compile} and replayed. Immutable.
 *
 * <p>A tensor of a program is one of four: an <em>input</em>, real memory that the host changes between submissions; an <em>output</em>, real memory
 * that the program writes and the host reads; a <em>temporary</em>, which has no address until the program is compiled; or a constant: every
 * other real tensor that is read, which must stay unchanged as long as the executable lives (weights). A backend may elide, alias or re-type
 * temporaries and fuse operators, but after a submission every output holds what the operators, run one after the other, would have left in it.
 */
public final class Program {
  private final String name;
  private final List<Operator> operators;
  private final List<Tensor> inputs;
  private final List<Tensor> outputs;
  private final List<Storage.Temporary> temporaries;

  private Program(Builder builder) {
    this.name = builder.name;
    this.operators = List.copyOf(builder.operators);
    this.inputs = List.copyOf(builder.inputs);
    this.outputs = List.copyOf(builder.outputs);
    this.temporaries = List.copyOf(builder.temporaries);
  }

  /** A builder of a program; the name appears in messages and explanations. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /** A program of one operator, whose results are outputs. */
  public static Program of(Operator operator) {
    Builder builder = builder(operator.name());
    operator.operands().forEach(o -> {
      if (o.access() == Operator.Access.READ) {
        builder.input(o.tensor());
      } else {
        builder.output(o.tensor());
      }
    });
    return builder.add(operator).build();
  }

  /** The name given to the builder. */
  public String name() {
    return name;
  }

  /** The operators in order. */
  public List<Operator> operators() {
    return operators;
  }

  /** The declared inputs. */
  public List<Tensor> inputs() {
    return inputs;
  }

  /** The declared outputs. */
  public List<Tensor> outputs() {
    return outputs;
  }

  /** The temporaries, in the order of their declaration. */
  public List<Storage.Temporary> temporaries() {
    return temporaries;
  }

  /** The buffers that a submission reads or writes: of operands, and of the counts of varying tensors. */
  public Set<Buffer> buffers() {
    Set<Buffer> buffers = new LinkedHashSet<>();
    for (Operator operator : operators) {
      for (Operator.Operand operand : operator.operands()) {
        if (operand.tensor().storage() instanceof Buffer buffer) {
          buffers.add(buffer);
        }
        operand.tensor().count().ifPresent(count -> buffers.add(count.buffer()));
      }
    }
    return buffers;
  }

  /** The caches that the program appends to or reads. */
  public Set<KvCache> caches() {
    Set<KvCache> caches = new LinkedHashSet<>();
    operators.forEach(operator -> operator.cache().ifPresent(caches::add));
    return caches;
  }

  @Override
  public String toString() {
    return "program " + name + " of " + operators.size() + " operators";
  }

  /** Collects a program's parts; {@link #build()} checks them. Not safe to share between threads. */
  public static final class Builder {
    private final String name;
    private final List<Operator> operators = new ArrayList<>();
    private final List<Tensor> inputs = new ArrayList<>();
    private final List<Tensor> outputs = new ArrayList<>();
    private final List<Storage.Temporary> temporaries = new ArrayList<>();

    private Builder(String name) {
      this.name = name;
    }

    /** Declares a temporary: a contiguous tensor without an address. */
    public Tensor temporary(String label, DType dtype, long... shape) {
      Shape sizes = Shape.of(shape);
      Storage.Temporary temporary = new Storage.Temporary(label, dtype.bytes(sizes.elements()));
      temporaries.add(temporary);
      return Tensor.of(temporary, 0, dtype, sizes);
    }

    /** Declares real tensors as inputs. */
    public Builder input(Tensor... tensors) {
      inputs.addAll(List.of(tensors));
      return this;
    }

    /** Declares real tensors as outputs. */
    public Builder output(Tensor... tensors) {
      outputs.addAll(List.of(tensors));
      return this;
    }

    /** Appends an operator. */
    public Builder add(Operator operator) {
      operators.add(operator);
      return this;
    }

    /**
     * The program.
     *
     * @throws ShapeException naming the operator, where an input or output is no real tensor, a temporary is foreign or read before it is
     *     written, a real tensor is written that is no output, an output overlaps an operand that it may not share memory with, or an
     *     output overlaps the count of a varying tensor
     */
    public Program build() {
      for (Tensor tensor : inputs) {
        real("input", tensor);
      }
      for (Tensor tensor : outputs) {
        real("output", tensor);
      }
      Set<Storage.Temporary> known = Collections.newSetFromMap(new IdentityHashMap<>());
      known.addAll(temporaries);
      Set<Storage.Temporary> written = Collections.newSetFromMap(new IdentityHashMap<>());
      for (int i = 0; i < operators.size(); i++) {
        check(i, operators.get(i), known, written);
      }
      counts();
      return new Program(this);
    }

    private void real(String what, Tensor tensor) {
      if (!(tensor.storage() instanceof Buffer)) {
        throw new ShapeException("program " + name + ": " + what + " " + tensor + " must be in a buffer");
      }
    }

    private void check(int index, Operator operator, Set<Storage.Temporary> known, Set<Storage.Temporary> written) {
      String where = "program " + name + ", operator " + index + " " + operator.name() + ": ";
      List<Operator.Operand> operands = operator.operands();
      for (Operator.Operand operand : operands) {
        Tensor tensor = operand.tensor();
        if (tensor.count().isPresent() && !(tensor.count().get().storage() instanceof Buffer)) {
          throw new ShapeException(where + "the count of " + operand.name() + " must be in a buffer");
        }
        if (tensor.storage() instanceof Storage.Nowhere) {
          throw new ShapeException(where + operand.name() + " " + tensor + " has no storage");
        }
        if (tensor.storage() instanceof Storage.Temporary temporary) {
          if (!known.contains(temporary)) {
            throw new ShapeException(where + operand.name() + " is a temporary of another program");
          }
          if (operand.access() == Operator.Access.READ && !written.contains(temporary)) {
            throw new ShapeException(where + operand.name() + " reads temporary " + temporary.name() + " before anything wrote it");
          }
        }
      }
      for (Operator.Operand operand : operands) {
        if (operand.access() == Operator.Access.WRITE) {
          aliases(where, operator, operands, operand);
          if (operand.tensor().storage() instanceof Storage.Temporary temporary) {
            written.add(temporary);
          } else if (outputs.stream().noneMatch(output -> covers(output, operand.tensor()))) {
            throw new ShapeException(where + operand.name() + " " + operand.tensor() + " is written but no declared output");
          }
        }
      }
    }

    /** A count is read by every operator that varies with it, and kept by the host: the program itself must leave it alone. */
    private void counts() {
      Map<Tensor, String> counts = new IdentityHashMap<>();
      for (Operator operator : operators) {
        for (Operator.Operand operand : operator.operands()) {
          operand.tensor().count().ifPresent(count -> counts.putIfAbsent(count, operand.name() + " of " + operator.name()));
        }
      }
      for (int i = 0; i < operators.size() && !counts.isEmpty(); i++) {
        for (Operator.Operand operand : operators.get(i).operands()) {
          if (operand.access() == Operator.Access.WRITE && operand.tensor().storage() instanceof Buffer) {
            apart("program " + name + ", operator " + i + " " + operators.get(i).name() + ": ", operand, counts);
          }
        }
      }
    }

    private static void apart(String where, Operator.Operand written, Map<Tensor, String> counts) {
      counts.forEach((count, user) -> {
        if (written.tensor().overlaps(count)) {
          throw new ShapeException(where + written.name() + " " + written.tensor() + " overlaps the count of " + user
              + "; a program must not write the sizes it runs by");
        }
      });
    }

    private static boolean covers(Tensor output, Tensor written) {
      return written.shape().elements() == 0
          || output.storage().equals(written.storage()) && output.offset() <= written.offset()
          && written.offset() + written.bytes() <= output.offset() + output.bytes();
    }

    private static void aliases(String where, Operator operator, List<Operator.Operand> operands, Operator.Operand output) {
      if (output.tensor().overlapsItself()) {
        throw new ShapeException(where + output.name() + " " + output.tensor() + " has elements that share memory with one another");
      }
      for (Operator.Operand other : operands) {
        if (other == output || !output.tensor().overlaps(other.tensor())) {
          continue;
        }
        boolean allowed = output.tensor().isSameView(other.tensor())
            && operator.inPlace().contains(new Operator.InPlace(other.name(), output.name()));
        if (!allowed) {
          throw new ShapeException(where + output.name() + " " + output.tensor() + " overlaps " + other.name() + " " + other.tensor()
              + "; " + (operator.inPlace().isEmpty() ? "it never works in place" : "only the same view may be shared, for " + operator.inPlace()));
        }
      }
    }
  }
}

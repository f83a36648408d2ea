package dev.gatun.spi;

import dev.gatun.Add;
import dev.gatun.DType;
import dev.gatun.GeluMul;
import dev.gatun.Matmul;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.RmsNorm;
import dev.gatun.SiluMul;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds the operators of a program that a backend may run as one stage, along its dataflow: hazards, counts and other readers are looked after here, what a kernel
 * can do is the backend's to decide. Together may run: matmuls in a row that read the same activations (q, k, v; gate and
 * up), so that these are converted once; the rms_norm before them, whose result then stays in the converted form; the gated unit after gate and up;
 * the residual add after a single one.
 */
public final class Fusion {
  private Fusion() {}

  /** What becomes one stage. */
  public sealed interface Group {
    /** The operators it does, in program order. */
    List<Operator> operators();

    /** The temporaries whose contents never reach memory. */
    Set<Storage> elided();
  }

  /**
   * An operator by itself.
   *
   * @param operator any but matmul
   */
  public record Single(Operator operator) implements Group {
    @Override
    public List<Operator> operators() {
      return List.of(operator);
    }

    @Override
    public Set<Storage> elided() {
      return Set.of();
    }
  }

  /**
   * Matmuls over the same activations.
   *
   * @param norm the norm that makes the activations, if it is part of the stage
   * @param keepNorm whether the norm's result is read elsewhere too
   * @param matmuls the matmuls
   * @param gate the gated unit over the first two results, or the residual add over the one result
   * @param rejected fusions that were considered, with the reasons against them
   */
  public record Matmuls(Optional<RmsNorm> norm, boolean keepNorm, List<Matmul> matmuls, Optional<Operator> gate, List<String> rejected)
      implements Group {
    /** Copies the lists. */
    public Matmuls {
      matmuls = List.copyOf(matmuls);
      rejected = List.copyOf(rejected);
    }

    @Override
    public List<Operator> operators() {
      return Stream.of(norm.stream(), matmuls.stream(), gate.stream()).flatMap(s -> s).map(Operator.class::cast).toList();
    }

    @Override
    public Set<Storage> elided() {
      return norm.isPresent() && !keepNorm ? Set.of(norm.get().y().storage()) : Set.of();
    }
  }

  /** Every operator in a group of its own. */
  public static List<Group> apart(Program program) {
    return program.operators().stream().map(Fusion::alone).toList();
  }

  private static Group alone(Operator operator) {
    return operator instanceof Matmul matmul ? alone(matmul) : new Single(operator);
  }

  /** A matmul by itself. */
  public static Matmuls alone(Matmul matmul) {
    return new Matmuls(Optional.empty(), false, List.of(matmul), Optional.empty(), List.of());
  }

  /** The program's operators, fused where their dataflow allows. */
  public static List<Group> groups(Program program) {
    List<Operator> operators = program.operators();
    Map<Storage, Integer> readers = readers(program);
    List<Group> groups = new ArrayList<>();
    int at = 0;
    while (at < operators.size()) {
      Group group = matmuls(operators, at, readers).map(Group.class::cast).orElse(null);
      if (group == null) {
        group = alone(operators.get(at));
      }
      groups.add(group);
      at += group.operators().size();
    }
    return groups;
  }

  private static Map<Storage, Integer> readers(Program program) {
    Map<Storage, Integer> readers = new HashMap<>();
    for (Operator operator : program.operators()) {
      operator.reads().stream().map(Tensor::storage).forEach(storage -> readers.merge(storage, 1, Integer::sum));
    }
    return readers;
  }

  private static Optional<Matmuls> matmuls(List<Operator> operators, int at, Map<Storage, Integer> readers) {
    Optional<RmsNorm> norm = operators.get(at) instanceof RmsNorm first && feeds(first) ? Optional.of(first) : Optional.empty();
    List<Operator> group = new ArrayList<>(norm.stream().toList());
    List<Matmul> matmuls = new ArrayList<>();
    int next = at + group.size();
    while (next < operators.size() && operators.get(next) instanceof Matmul matmul) {
      Tensor x = norm.map(RmsNorm::y).orElseGet(() -> matmuls.isEmpty() ? matmul.x() : matmuls.getFirst().x());
      if (!matmul.x().isSameView(x) || !together(group, matmul, norm.stream().map(RmsNorm::y).toList())) {
        break;
      }
      matmuls.add(matmul);
      group.add(matmul);
      next++;
    }
    if (matmuls.isEmpty()) {
      return Optional.empty();
    }
    boolean follows = next < operators.size() && together(group, operators.get(next), matmuls.stream().map(Matmul::y).toList());
    Optional<Operator> after = follows ? epilogue(matmuls, operators.get(next), readers) : Optional.empty();
    boolean keep = norm.isPresent() && readers.get(norm.get().y().storage()) > matmuls.size();
    List<String> rejected = after.isPresent() || next == operators.size() ? List.of() : rejected(matmuls, operators.get(next), follows);
    return Optional.of(new Matmuls(norm, keep, matmuls, after, rejected));
  }

  private static List<String> rejected(List<Matmul> matmuls, Operator next, boolean follows) {
    if (matmuls.stream().noneMatch(matmul -> next.reads().stream().anyMatch(matmul.y()::overlaps))) {
      return List.of();
    }
    return List.of("with the " + next.name() + " after it: " + (follows ? "that is no gated unit or sum over these results alone"
        : "they vary with different counts, or one writes what the other still reads"));
  }

  /**
   * Whether {@code next} may run while the operators of {@code group} run: it varies with the same count, and of what they write it touches nothing but
   * {@code handed}, which its own tile waits for; what it writes none of them reads or writes.
   */
  private static boolean together(List<Operator> group, Operator next, List<Tensor> handed) {
    for (Operator before : group) {
      if (!sameCount(count(before), count(next))) {
        return false;
      }
      for (Tensor written : before.writes()) {
        boolean edge = handed.stream().anyMatch(tensor -> tensor.isSameView(written));
        boolean clash = next.reads().stream().anyMatch(read -> read.overlaps(written) && !(edge && read.isSameView(written)))
            || next.writes().stream().anyMatch(again -> again.overlaps(written) && !edge);
        if (clash) {
          return false;
        }
      }
      if (before.reads().stream().anyMatch(read -> next.writes().stream().anyMatch(read::overlaps))) {
        return false;
      }
    }
    return true;
  }

  /** The count that an operator's rows vary with. */
  public static Optional<Tensor> count(Operator operator) {
    return operator.operands().stream().flatMap(operand -> operand.tensor().count().stream()).findFirst();
  }

  private static boolean sameCount(Optional<Tensor> a, Optional<Tensor> b) {
    return a.isPresent() == b.isPresent() && (a.isEmpty() || a.get().isSameView(b.get()));
  }

  private static boolean feeds(RmsNorm norm) {
    return norm.y().storage() instanceof Storage.Temporary && norm.x().shape().rank() == 2 && norm.x().dtype() == DType.F32
        && norm.y().dtype() == DType.F32;
  }

  private static Optional<Operator> epilogue(List<Matmul> matmuls, Operator next, Map<Storage, Integer> readers) {
    boolean fits = switch (next) {
      case SiluMul unit -> gated(matmuls, unit.gate(), unit.up(), unit.y(), readers);
      case GeluMul unit -> gated(matmuls, unit.gate(), unit.up(), unit.y(), readers);
      case Add add -> residual(matmuls, add, readers);
      default -> false;
    };
    return fits ? Optional.of(next) : Optional.empty();
  }

  private static boolean gated(List<Matmul> matmuls, Tensor gate, Tensor up, Tensor y, Map<Storage, Integer> readers) {
    return matmuls.size() == 2 && onlyFor(matmuls.get(0).y(), gate, readers) && onlyFor(matmuls.get(1).y(), up, readers)
        && y.dtype() == DType.F32 && y.shape().equals(gate.shape());
  }

  private static boolean residual(List<Matmul> matmuls, Add add, Map<Storage, Integer> readers) {
    if (matmuls.size() != 1 || !add.a().shape().equals(add.b().shape()) || add.y().dtype() != DType.F32) {
      return false;
    }
    Tensor product = matmuls.getFirst().y();
    Tensor other = add.a().storage().equals(product.storage()) ? add.b() : add.a();
    Tensor used = other == add.a() ? add.b() : add.a();
    return onlyFor(product, used, readers) && other.dtype() == DType.F32 && !other.storage().equals(product.storage());
  }

  private static boolean onlyFor(Tensor product, Tensor used, Map<Storage, Integer> readers) {
    return product.storage() instanceof Storage.Temporary && product.isSameView(used) && product.dtype() == DType.F32
        && readers.get(product.storage()) == 1;
  }

  /** The names of the fused operators, for the kernel's name. */
  public static String name(Matmuls group) {
    return group.operators().stream().map(Operator::name).distinct().collect(Collectors.joining("+"));
  }
}

package dev.gatun.cuda.op;

import dev.gatun.KvAppend;
import dev.gatun.Operator;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds the operators that a {@link FusedCacheWrite} does, along the program's dataflow: up to two norms and two rotations in any order, then the kv_append that reads
 * what one of the rotations made.
 */
final class CacheWriteSearch {
  private static final int MOST_BEFORE = 4;

  private final List<Operator> program;
  private final int at;
  private final List<Operator> group;
  private final KvAppend append;

  private CacheWriteSearch(List<Operator> program, int at, int end) {
    this.program = program;
    this.at = at;
    this.group = program.subList(at, end + 1);
    this.append = (KvAppend) program.get(end);
  }

  static Optional<FusedCacheWrite> at(List<Operator> program, int at) {
    int end = at;
    while (end < program.size() && end - at <= MOST_BEFORE && (program.get(end) instanceof RmsNorm || program.get(end) instanceof Rope)) {
      end++;
    }
    if (end == at || end == program.size() || end - at > MOST_BEFORE || !(program.get(end) instanceof KvAppend)) {
      return Optional.empty();
    }
    return new CacheWriteSearch(program, at, end).found();
  }

  private Optional<FusedCacheWrite> found() {
    List<Rope> ropes = group.stream().filter(Rope.class::isInstance).map(Rope.class::cast).toList();
    // The last that wrote them, where both turn in place.
    Optional<Rope> key = ropes.stream().filter(rope -> rope.y().isSameView(append.k())).reduce((_, later) -> later);
    if (key.isEmpty() || ropes.size() > 2) {
      return Optional.empty();
    }
    Optional<Rope> query = ropes.stream().filter(rope -> rope != key.get()).findFirst();
    Optional<RmsNorm> keyNorm = norm(key.get());
    Optional<RmsNorm> queryNorm = query.flatMap(this::norm);
    long used = 2 + Stream.of(query, keyNorm, queryNorm).filter(Optional::isPresent).count();
    FusedCacheWrite write = new FusedCacheWrite(queryNorm, query, keyNorm, key.get(), append, group, Set.of());
    boolean fits = used == group.size() && query.stream().allMatch(q -> turnsAlike(q, key.get())) && append.batch().positions().isSameView(key.get().positions())
        && !append.v().overlaps(append.k())
        && sameCounts() && apart(chain(queryNorm, query), chain(keyNorm, key)) && leavesNothingUnwritten(write);
    return fits ? Optional.of(new FusedCacheWrite(queryNorm, query, keyNorm, key.get(), append, group, elided(write))) : Optional.empty();
  }

  /** What is in no operand of the launch, nor of another operator. */
  private Set<Storage> elided(FusedCacheWrite write) {
    Set<Storage> elided = write.between().map(Tensor::storage).collect(Collectors.toSet());
    write.touched().map(Tensor::storage).forEach(elided::remove);
    Stream.concat(program.subList(0, at).stream(), later().stream()).flatMap(o -> o.operands().stream())
        .forEach(operand -> elided.remove(operand.tensor().storage()));
    return elided;
  }

  private List<Operator> later() {
    return program.subList(at + group.size(), program.size());
  }

  /** The norm that makes what {@code rope} turns, if it is one of these operators and before it. */
  private Optional<RmsNorm> norm(Rope rope) {
    return group.subList(0, group.indexOf(rope)).stream().filter(RmsNorm.class::isInstance).map(RmsNorm.class::cast)
        .filter(norm -> norm.y().isSameView(rope.x())).reduce((_, later) -> later);
  }

  private static List<Operator> chain(Optional<RmsNorm> norm, Optional<Rope> rope) {
    return Stream.of(norm.stream(), rope.stream()).flatMap(s -> s).map(Operator.class::cast).toList();
  }

  /** One table of angles serves both. */
  private static boolean turnsAlike(Rope a, Rope b) {
    boolean factors = a.factors().isPresent() == b.factors().isPresent() && (a.factors().isEmpty() || a.factors().get().isSameView(b.factors().get()));
    return a.rotation().equals(b.rotation()) && factors && a.positions().isSameView(b.positions()) && a.x().size(2) == b.x().size(2);
  }

  /** Whether all vary with one count of tokens, or none does. */
  private boolean sameCounts() {
    List<Optional<Tensor>> counts = group.stream().map(CacheWriteSearch::count).toList();
    Optional<Tensor> first = counts.getFirst();
    return counts.stream().allMatch(count -> count.isPresent() == first.isPresent() && (count.isEmpty() || count.get().isSameView(first.get())));
  }

  private static Optional<Tensor> count(Operator operator) {
    Stream<Tensor> tokens = switch (operator) {
      case RmsNorm o -> Stream.of(o.x(), o.y());
      case Rope o -> Stream.of(o.x(), o.positions(), o.y());
      case KvAppend o -> Stream.of(o.k(), o.v(), o.batch().positions());
      default -> Stream.empty();
    };
    return tokens.flatMap(t -> t.count().stream()).findFirst();
  }

  /**
   * Whether rows may be done in any order and each chain beside the other: what a chain writes is read by itself alone, as the next operator's input or as the view that
   * it is computed over in place, and written by itself alone.
   */
  private boolean apart(List<Operator> queries, List<Operator> keys) {
    for (List<Operator> chain : List.of(queries, keys)) {
      for (Operator writer : chain) {
        Tensor written = writer.writes().getFirst();
        for (Operator other : group) {
          boolean own = chain.contains(other);
          Optional<Tensor> rows = own ? Optional.of(rows(other)) : other == append && chain == keys ? Optional.of(append.k()) : Optional.empty();
          boolean read = other.reads().stream().anyMatch(t -> t.overlaps(written) && !(rows.isPresent() && t == rows.get() && t.isSameView(written)));
          boolean overwritten = other != writer && other.writes().stream().anyMatch(t -> t.overlaps(written) && !(own && t.isSameView(written)));
          if (read || overwritten) {
            return false;
          }
        }
      }
    }
    return true;
  }

  /** The rows that an operator works on. */
  private static Tensor rows(Operator operator) {
    return switch (operator) {
      case RmsNorm o -> o.x();
      case Rope o -> o.x();
      default -> throw new IllegalStateException(operator.name() + " is in no chain");
    };
  }

  /** Whether what is never written is a temporary that nobody reads later, or is overwritten here by the turned queries. */
  private boolean leavesNothingUnwritten(FusedCacheWrite write) {
    return write.between().allMatch(t -> t.storage() instanceof Storage.Temporary
        && (write.query().stream().anyMatch(q -> q.y().isSameView(t)) || !isReadBy(later(), t)));
  }

  /** Whether one of these reads it before another has written the same view anew. */
  private static boolean isReadBy(List<Operator> later, Tensor tensor) {
    List<Tensor> anew = new ArrayList<>();
    for (Operator operator : later) {
      boolean read = operator.reads().stream().anyMatch(t -> t.overlaps(tensor) && anew.stream().noneMatch(t::isSameView));
      if (read) {
        return true;
      }
      operator.writes().stream().filter(tensor::overlaps).forEach(anew::add);
    }
    return false;
  }
}

package dev.gatun.tck.lab;

import dev.gatun.Executable;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.oracle.Host;
import java.util.List;
import java.util.Optional;

/**
 * An operator compiled once over tensors of a bench, whose contents change between its submissions, as those of a decoder's step do: what
 * was true when it was
 * compiled must be nowhere in it. Closed with its bench.
 */
public final class Watch {
  private final Workbench bench;
  private final Operator operator;
  private final Operator mapped;
  private final Executable executable;
  private final Findings findings;

  private Watch(Workbench bench, Operator operator, Operator mapped, Findings findings) {
    this.bench = bench;
    this.operator = operator;
    this.mapped = mapped;
    this.findings = findings;
    this.executable = bench.own(bench.backend().compile(Program.of(mapped)));
  }

  /** Compiles it, unless the backend does not serve it, which is noted. */
  public static Optional<Watch> of(Workbench bench, Operator operator, Findings findings) {
    Operator mapped = bench.onDevice(operator);
    if (bench.backend().plan(mapped) instanceof Unsupported refusal) {
      findings.check("refusal", !refusal.reason().isBlank(), () -> "the backend refuses " + operator.name() + " without a reason");
      findings.unsupported(refusal.reason());
      return Optional.empty();
    }
    return bench.lab().isPlanning() ? Optional.empty() : Optional.of(new Watch(bench, operator, mapped, findings));
  }

  /**
   * Submits it over what is in its tensors now, then runs it alone, and holds both results to the oracle's. @throws CheckException where
   * one is not right
   */
  public void look(String form, Host host, Bound bound) {
    Truth truth = new Truth(List.of(operator), host, bound);
    List<Memory.Written> written = operator.writes().stream().map(y -> new Memory.Written(y, Workbench.rows(operator, y))).toList();
    for (boolean compiled : new boolean[] {true, false}) {
      written.forEach(one -> bench.memory().poison(one.tensor(), Math.toIntExact(one.tensor().size(0))));
      bench.memory().remember(operator.writes());
      bench.upload();
      if (compiled) {
        bench.stream().submit(executable);
      } else {
        bench.stream().run(mapped);
      }
      bench.download();
      String where = form + (compiled ? ", by a program compiled before" : ", alone");
      truth.verify(where, findings);
      findings.check("guards", bench.memory().stray(written).isEmpty(), () -> where + ": memory outside the rows of the output changed");
    }
  }
}

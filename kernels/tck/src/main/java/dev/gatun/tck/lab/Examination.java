package dev.gatun.tck.lab;

import dev.gatun.Attention;
import dev.gatun.Buffer;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.MlaAttention;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Shape;
import dev.gatun.Tensor;
import dev.gatun.UnsupportedCaseException;
import dev.gatun.spi.Decision;
import dev.gatun.spi.Plan;
import dev.gatun.spi.Unsupported;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * Everything that is checked of one operator on one backend, in this order. The plan is the same when asked again; a refusal has a reason and is kept to. Run by
 * itself, the outputs are what is expected and no other byte of any operand has changed. Compiled as a program, it is explained by the plan's kernel, gives what is
 * expected and the same bits as before; replayed over poisoned outputs, the same bits again. What an output does not depend on may change without changing a
 * bit of it.
 */
public final class Examination {
  private static final long MOST_DIRTY = 64L << 20;
  private static final byte DIRT = (byte) 0xFF;

  private final Workbench bench;
  private final Trial trial;
  private final Findings findings;
  private final Operator operator;
  private final List<Memory.Written> written;

  private Examination(Workbench bench, Trial trial, Findings findings) {
    this.bench = bench;
    this.trial = trial;
    this.findings = findings;
    this.operator = trial.operator();
    this.written = operator.writes().stream().map(y -> new Memory.Written(y, Workbench.rows(operator, y))).toList();
  }

  /** Of a trial laid out on a bench. */
  public static Examination of(Workbench bench, Trial trial, Findings findings) {
    return new Examination(bench, trial, findings);
  }

  /** Runs it. @throws CheckException where something does not hold */
  public void run() {
    Operator mapped = bench.onDevice(operator);
    Decision decision = decision(mapped);
    if (bench.lab().isPlanning()) {
      if (decision instanceof Unsupported refusal) {
        findings.unsupported(refusal.reason());
      }
      return;
    }
    if (decision instanceof Unsupported refusal) {
      refused(mapped, refusal);
      return;
    }
    bench.memory().remember(operator.writes());
    trial.before().run();
    bench.upload();
    bench.stream().run(mapped);
    bench.download();
    verify("alone");
    List<MemorySegment> first = bits(written);
    Program program = Program.of(mapped);
    leaveDirty(((Plan) decision).workspaceBytes());
    try (Canary before = new Canary(bench, "before"); Executable executable = bench.backend().compile(program); Canary after = new Canary(bench, "after")) {
      explained(executable, (Plan) decision);
      again(executable);
      complete();
      verify("in a program");
      same("repeat", "run again, in a program", first, bits(written));
      again(executable);
      same("replay", "replayed", first, bits(written));
      if (written.isEmpty()) {
        verify("replayed");
      } else {
        stray("replayed");
      }
      counted(executable);
      independent(executable);
      before.check(findings);
      after.check(findings);
    }
  }

  private Decision decision(Operator mapped) {
    Decision decision = bench.backend().plan(mapped);
    Decision again = bench.backend().plan(mapped);
    findings.check("plan", told(decision).equals(told(again)), () -> "asked twice, the backend plans differently: " + told(decision) + ", then "
        + told(again));
    return decision;
  }

  private static String told(Decision decision) {
    return switch (decision) {
      case Unsupported refusal -> "unsupported: " + refusal.reason();
      case Plan plan -> plan.kernel() + " " + plan.tile() + ", workspace " + plan.workspaceBytes() + ", bytes " + plan.bytes() + ", flops " + plan.flops();
    };
  }

  private void refused(Operator mapped, Unsupported refusal) {
    findings.check("refusal", !refusal.reason().isBlank(), () -> "the backend refuses the case without a reason");
    try {
      bench.stream().run(mapped);
    } catch (UnsupportedCaseException e) {
      findings.unsupported(refusal.reason());
      return;
    }
    throw new CheckException("refusal", "the plan refuses the case (" + refusal.reason() + "), yet it runs");
  }

  private void explained(Executable executable, Plan plan) {
    List<Explanation.Step> steps = executable.explain().steps();
    String line = executable.program().operators().getFirst().toCase().line();
    findings.check("explained", steps.stream().flatMap(step -> step.sources().stream()).distinct().toList().equals(List.of(line)),
        () -> "a program of the one operator " + line + " is explained as " + steps.stream().map(step -> step.kernel() + " for " + step.sources()).toList());
    findings.check("fallback", steps.stream().anyMatch(step -> step.kernel().equals(plan.kernel())),
        () -> "planned as " + plan.kernel() + ", but what runs is " + steps.stream().map(Explanation.Step::kernel).toList());
    findings.check("explained", executable.workspaceBytes() >= 0 && plan.bytes() >= 0 && plan.flops() >= 0,
        () -> "negative bytes or operations: " + told(plan) + ", owned workspace " + executable.workspaceBytes());
  }

  /** What is free next to be taken holds no zeros: scratch that is not cleared shows. */
  private void leaveDirty(long bytes) {
    if (bytes > 0 && bytes <= MOST_DIRTY) {
      try (Arena arena = Arena.ofShared(); Buffer buffer = bench.backend().allocate(bytes)) {
        MemorySegment dirt = arena.allocate(bytes).fill(DIRT);
        bench.stream().copy(Tensor.of(Buffer.ofHost(dirt), 0, DType.I8, Shape.of(bytes)), Tensor.of(buffer, 0, DType.I8, Shape.of(bytes)));
        bench.stream().synchronize();
      }
    }
  }

  /** No part of an output is still poison; of large outputs the oracle sees a sample only. */
  private void complete() {
    for (Memory.Written one : written) {
      long at = operator.reads().stream().anyMatch(in -> in.isSameView(one.tensor())) ? -1 : bench.memory().unwritten(one.tensor(), one.rows());
      findings.check("unwritten", at < 0, () -> one.tensor() + " still holds what was there before, from its byte " + at + " on");
    }
  }

  /** The same program once more, at a smaller count than it was compiled with. */
  private void counted(Executable executable) {
    if (written.size() == 0 || written.getFirst().rows() == 0 || operator instanceof Attention || operator instanceof MlaAttention) {
      return;
    }
    Optional<Tensor> count = written.getFirst().tensor().count();
    if (count.isEmpty()) {
      return;
    }
    bench.memory().restore();
    bench.fill(count.get(), written.getFirst().rows() - 1);
    bench.memory().remember(operator.writes());
    List<Expectation> expected = anew().stream().filter(expectation -> !(expectation instanceof Truth truth) || truth.varies()).toList();
    bench.upload();
    bench.stream().submit(executable);
    bench.download();
    expected.forEach(expectation -> expectation.verify("at a smaller count", findings));
    List<Memory.Written> fewer = written.stream().map(one -> new Memory.Written(one.tensor(), one.rows() - 1)).toList();
    Optional<long[]> stray = bench.memory().stray(fewer);
    findings.check("guards", stray.isEmpty(), () -> "at a smaller count: " + place((int) stray.orElseThrow()[0], stray.get()[1]));
  }

  private List<Expectation> anew() {
    return trial.expectations().stream().flatMap(expectation -> expectation.anew().stream()).toList();
  }

  /** One more submission, over poisoned outputs. */
  private void again(Executable executable) {
    bench.memory().restore();
    for (Memory.Written one : written) {
      if (operator.reads().stream().noneMatch(in -> in.isSameView(one.tensor()))) {
        bench.memory().poison(one.tensor(), one.rows());
      }
    }
    trial.before().run();
    bench.upload();
    bench.stream().submit(executable);
    bench.download();
  }

  private void verify(String form) {
    trial.expectations().forEach(expectation -> expectation.verify(form, findings));
    stray(form);
  }

  private void stray(String form) {
    Optional<long[]> stray = bench.memory().stray(written);
    findings.check("guards", stray.isEmpty(), () -> form + ": " + place((int) stray.orElseThrow()[0], stray.get()[1]));
  }

  /** Where a byte lies, in the words of the operator. */
  private String place(int area, long at) {
    Buffer buffer = bench.memory().buffer(area);
    for (Operator.Operand operand : operator.operands()) {
      Tensor tensor = operand.tensor();
      if (tensor.storage() == buffer) {
        String part = at < 0 ? "its contents" : at < tensor.offset() ? "byte " + (tensor.offset() - at) + " before its start"
            : at >= tensor.offset() + tensor.bytes() ? "byte " + (at - tensor.offset() - tensor.bytes()) + " past its end"
            : operand.access() == Operator.Access.READ ? "byte " + (at - tensor.offset()) + " of this input"
            : "byte " + (at - tensor.offset()) + ", in a gap between its rows or past the count,";
        return operand.name() + " " + tensor + ": " + part + " changed";
      }
    }
    return "memory of the case that is no operand (a count, or what the case made besides) changed at byte " + at;
  }

  private List<MemorySegment> bits(List<Memory.Written> of) {
    return of.stream().map(one -> bench.memory().bits(one.tensor(), one.rows())).toList();
  }

  private void same(String check, String form, List<MemorySegment> first, List<MemorySegment> now) {
    for (int i = 0; i < first.size(); i++) {
      long at = first.get(i).mismatch(now.get(i));
      int index = i;
      findings.check(check, at < 0, () -> form + ", " + operator.operands().stream()
          .filter(o -> o.access() == Operator.Access.WRITE).toList().get(index).name() + " has other bits than the first time, from its byte " + at + " on");
    }
  }

  private void independent(Executable executable) {
    if (trial.neighbours().isEmpty()) {
      return;
    }
    List<Memory.Written> kept = trial.neighbours().get().kept().stream()
        .map(tensor -> new Memory.Written(tensor, Math.toIntExact(tensor.size(0)))).toList();
    List<MemorySegment> first = bits(kept);
    bench.memory().restore();
    trial.neighbours().get().disturb().run();
    List<Expectation> expected = anew();
    bench.upload();
    bench.stream().submit(executable);
    bench.download();
    same("neighbours", "with other contents where this output does not look", first, bits(kept));
    expected.forEach(expectation -> expectation.verify("with other inputs", findings));
  }
}

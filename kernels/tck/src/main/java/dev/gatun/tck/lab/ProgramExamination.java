package dev.gatun.tck.lab;

import dev.gatun.Argmax;
import dev.gatun.DType;
import dev.gatun.Executable;
import dev.gatun.Explanation;
import dev.gatun.KvCache;
import dev.gatun.Operator;
import dev.gatun.Program;
import dev.gatun.Stream;
import dev.gatun.Tensor;
import dev.gatun.UnsupportedCaseException;
import dev.gatun.spi.Unsupported;
import dev.gatun.tck.oracle.Elements;
import dev.gatun.tck.oracle.Errors;
import dev.gatun.tck.oracle.Host;
import dev.gatun.tck.oracle.Oracle;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that is checked of a program. In each of its turns: the operators by themselves, one after the other, and the compiled program leave what the oracle
 * leaves, within the bound, and are within the bound of each other; no byte changes but of outputs; the caches hold what was appended. Submitted again with the
 * same inputs the program leaves the same bits, also after turns with others, and when it is profiled. Every operator is explained exactly once.
 */
public final class ProgramExamination {
  private static final String ALONE = "operator by operator";
  private static final String TOGETHER = "as a program";

  /** What a turn must leave in one tensor. */
  private record Result(String name, Tensor tensor, int rows, double[] expected) {
    double[] actual() {
      return Elements.read(Host.buffers(), tensor, rows);
    }
  }

  /** Rows of logits, which an argmax chooses from. */
  private record Choice(Argmax operator, int rows, double[] logits) {}

  private final Workbench bench;
  private final Draft draft;
  private final Bound bound;
  private final Findings findings;
  private final Reckoning reckoning = new Reckoning();
  private final Optional<KvCache> second;
  private List<Result> results = List.of();
  private List<Choice> choices = List.of();
  private List<Memory.Written> outputs = List.of();

  private ProgramExamination(Workbench bench, Draft draft, Bound bound, Findings findings) {
    this.bench = bench;
    this.draft = draft;
    this.bound = bound;
    this.findings = findings;
    this.second = draft.cache().map(cache -> draft.ready(cache.spec()));
  }

  /** Of a draft whose tensors are on the bench. */
  public static ProgramExamination of(Workbench bench, Draft draft, Bound bound, Findings findings) {
    return new ProgramExamination(bench, draft, bound, findings);
  }

  /** Runs it. @throws CheckException where something does not hold */
  public void run() {
    List<Program> programs = draft.parts().stream().map(part -> draft.compiled(part, second)).toList();
    if (refused(programs)) {
      return;
    }
    for (Operator operator : draft.before()) {
      reckoning.run(operator);
      bench.upload();
      bench.stream().run(draft.onDevice(operator));
      bench.stream().run(draft.onDevice(Draft.over(operator, second)));
      bench.stream().synchronize();
    }
    bench.memory().remember(draft.written());
    List<Executable> parts = new ArrayList<>();
    try (Canary before = new Canary(bench, "before"); Stream other = bench.backend().newStream()) {
      programs.forEach(program -> parts.add(bench.own(bench.backend().compile(program))));
      try (Canary after = new Canary(bench, "after")) {
        turns(parts, other);
        before.check(findings);
        after.check(findings);
      }
      parts.forEach(this::explained);
    }
  }

  private void turns(List<Executable> parts, Stream other) {
    List<MemorySegment> first = List.of();
    for (int turn = 0; turn < draft.turns().size(); turn++) {
      String where = draft.turns().size() == 1 ? "" : "turn " + (turn + 1) + ", ";
      begin(turn);
      reckon();
      bench.upload();
      draft.operators().forEach(operator -> bench.stream().run(draft.onDevice(operator)));
      bench.download();
      verify(where + ALONE, draft.cache());
      guards(where + ALONE, writtenBy(draft.operators()));
      List<double[]> alone = results.stream().map(Result::actual).toList();
      submit(parts, other);
      verify(where + TOGETHER, second);
      guards(where + TOGETHER, outputs);
      agree(where, alone);
      List<MemorySegment> bits = bits();
      submit(parts, other);
      same("replay", where + "submitted again", bits);
      first = turn == 0 ? bits : first;
    }
    begin(0);
    reckonRows();
    submit(parts, other);
    same("replay", "with the first inputs again, after others", first);
    bench.memory().restore();
    bench.upload();
    bench.stream().synchronize();
    List<Explanation.Step> steps = new ArrayList<>();
    parts.forEach(part -> steps.addAll(part.profile(bench.stream(), 1)));
    bench.download();
    same("profile", "profiled", first);
    findings.check("profile", !steps.isEmpty() && steps.stream().allMatch(step -> step.nanos() >= 0 && step.bytes() >= 0 && step.flops() >= 0),
        () -> "the profile has no steps, or steps of negative time, bytes or operations: " + steps);
  }

  private boolean refused(List<Program> programs) {
    for (Program program : programs) {
      for (Operator operator : program.operators()) {
        if (bench.backend().plan(operator) instanceof Unsupported refusal) {
          findings.check("refusal", !refusal.reason().isBlank(), () -> "the backend refuses " + operator.toCase() + " without a reason");
          try {
            bench.own(bench.backend().compile(program));
          } catch (UnsupportedCaseException e) {
            findings.unsupported(refusal.reason());
            return true;
          }
          throw new CheckException("refusal", "the plan refuses " + operator.toCase() + " (" + refusal.reason() + "), yet a program with it compiles");
        }
      }
    }
    return false;
  }

  /** Outputs as they were, inputs as the turn has them. */
  private void begin(int turn) {
    bench.memory().restore();
    draft.turns().get(turn).run();
    bench.memory().remember(draft.written());
  }

  /** Has the oracle compute the turn, keeps what it leaves, and takes it back. */
  private void reckon() {
    List<Choice> chosen = new ArrayList<>();
    for (Operator operator : draft.operators()) {
      if (operator instanceof Argmax argmax) {
        int rows = Workbench.rows(argmax, argmax.y());
        chosen.add(new Choice(argmax, rows, Elements.read(Host.buffers(), argmax.x(), rows)));
      }
      reckoning.run(operator);
    }
    choices = chosen;
    List<Result> left = new ArrayList<>();
    for (Operator operator : draft.operators()) {
      for (Operator.Operand operand : operator.operands()) {
        if (operand.access() == Operator.Access.WRITE && !draft.isTemporary(operand.tensor()) && operand.tensor().dtype() != DType.I32) {
          int rows = Workbench.rows(operator, operand.tensor());
          left.add(new Result(operator.name() + "." + operand.name(), operand.tensor(), rows, Elements.read(Host.buffers(), operand.tensor(), rows)));
        }
      }
    }
    results = left;
    bench.memory().restore();
    reckonRows();
  }

  /** Which rows of the outputs are written with the counts as they are. */
  private void reckonRows() {
    outputs = writtenBy(draft.operators()).stream().filter(one -> !draft.isTemporary(one.tensor())).toList();
  }

  private static List<Memory.Written> writtenBy(List<Operator> operators) {
    return operators.stream().flatMap(o -> o.writes().stream().map(y -> new Memory.Written(y, Workbench.rows(o, y)))).toList();
  }

  private void submit(List<Executable> parts, Stream other) {
    bench.memory().restore();
    bench.upload();
    if (draft.split() == Draft.Split.STREAMS) {
      bench.stream().synchronize();
      other.submit(parts.getFirst());
      other.synchronize();
      bench.stream().submit(parts.getLast());
    } else {
      parts.forEach(bench.stream()::submit);
    }
    bench.download();
  }

  private void verify(String form, Optional<KvCache> cache) {
    for (Result result : results) {
      Truth.near(form + ", ", result.name, result.tensor.dtype(), bound, result.expected, result.actual(), findings);
    }
    choices.forEach(choice -> chosen(form, choice));
    cache.ifPresent(held -> kept(form, held));
  }

  /** The chosen element is as large as any within what the bound lets logits differ by, and exactly the first largest where the logits can be seen. */
  private void chosen(String form, Choice choice) {
    double[] ids = Elements.read(Host.buffers(), choice.operator.y(), choice.rows);
    int n = choice.rows == 0 ? 0 : choice.logits.length / choice.rows;
    double rms = Math.sqrt(Arrays.stream(choice.logits).map(v -> v * v).average().orElse(0));
    for (int r = 0; r < choice.rows; r++) {
      int id = (int) ids[r];
      int row = r;
      findings.check("argmax", id >= 0 && id < n, () -> form + ", argmax.y: row " + row + " names element " + id + " of " + n);
      double largest = Arrays.stream(choice.logits, r * n, (r + 1) * n).max().orElseThrow();
      double there = choice.logits[r * n + id];
      findings.check("argmax", largest - there <= 2 * Math.sqrt(bound.nmse()) * rms,
          () -> form + ", argmax.y: row " + row + " names element " + id + " of logit " + there + ", though the largest is " + largest);
    }
    if (!draft.isTemporary(choice.operator.x())) {
      findings.check("argmax", Arrays.equals(ids, Oracle.compute(choice.operator, Host.buffers()).get("y")),
          () -> form + ", argmax.y: " + Arrays.toString(ids) + " are not the first largest of the logits that are there");
    }
  }

  private void kept(String form, KvCache cache) {
    Map<String, List<double[]>> parts = new HashMap<>();
    reckoning.held().forEach((place, expected) -> {
      float[] there = cache.read(bench.stream(), place.slot(), place.layer(), place.part(), place.position(), place.head());
      double[] actual = new double[there.length];
      Arrays.setAll(actual, i -> there[i]);
      String name = place.part().name().toLowerCase(java.util.Locale.ROOT) + "s of layer " + place.layer();
      parts.computeIfAbsent(name, _ -> new ArrayList<>()).add(expected);
      parts.computeIfAbsent(name + ", there", _ -> new ArrayList<>()).add(actual);
    });
    parts.keySet().stream().filter(name -> !name.endsWith("there")).sorted().forEach(name ->
        Truth.near(form + ", ", name, DType.F32, bound, joined(parts.get(name)), joined(parts.get(name + ", there")), findings));
  }

  private static double[] joined(List<double[]> rows) {
    return rows.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  private void agree(String where, List<double[]> alone) {
    for (int i = 0; i < results.size(); i++) {
      Result result = results.get(i);
      double[] together = result.actual();
      Errors errors = Errors.between(alone.get(i), together);
      double step = result.tensor.dtype() == DType.F32 ? 0 : Bounds.step(result.tensor.dtype());
      double[] one = alone.get(i);
      findings.check("fused", errors.nmse() <= bound.nmse() + step * step || bound.anyNonFinite() && errors.nonFinite() > 0,
          () -> where + "compiled as a program and operator by operator, " + result.name + " differs: " + errors.describe(one, together));
    }
  }

  private void guards(String form, List<Memory.Written> written) {
    Optional<long[]> stray = bench.memory().stray(written);
    findings.check("guards", stray.isEmpty(), () -> form + ": " + place((int) stray.orElseThrow()[0], stray.get()[1]));
  }

  private String place(int area, long at) {
    for (Operator operator : draft.operators()) {
      for (Operator.Operand operand : operator.operands()) {
        Tensor tensor = operand.tensor();
        if (tensor.storage() == bench.memory().buffer(area)) {
          return operand.name() + " " + tensor + " of " + operator.name() + " changed " + (at < 0 ? "somewhere" : "at byte " + (at - tensor.offset()) + " from its start")
              + ", where nothing writes";
        }
      }
    }
    return "memory of the case that is no operand (a count, for example) changed at byte " + at;
  }

  private List<MemorySegment> bits() {
    return outputs.stream().map(one -> bench.memory().bits(one.tensor(), one.rows())).toList();
  }

  private void same(String check, String form, List<MemorySegment> first) {
    List<MemorySegment> now = bits();
    for (int i = 0; i < first.size(); i++) {
      long at = first.get(i).mismatch(now.get(i));
      Tensor tensor = outputs.get(i).tensor();
      findings.check(check, at < 0, () -> form + ", output " + tensor + " has other bits, from its byte " + at + " on");
    }
  }

  /** Each operator's line stands in the sources of a step, no other line does, and no step says less than nothing. */
  private void explained(Executable executable) {
    Explanation explanation = executable.explain();
    List<String> told = explanation.steps().stream().flatMap(step -> step.sources().stream()).distinct().sorted().toList();
    List<String> operators = executable.program().operators().stream().map(operator -> operator.toCase().line()).distinct().sorted().toList();
    findings.check("explained", told.equals(operators), () -> "the steps are explained as doing " + told + ", the program has " + operators);
    findings.check("explained", explanation.steps().stream().noneMatch(step -> step.kernel().isBlank() || step.bytes() < 0 || step.flops() < 0),
        () -> "a step has no kernel, or negative bytes or operations: " + explanation.steps());
  }
}

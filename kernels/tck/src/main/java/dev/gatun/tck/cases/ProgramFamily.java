package dev.gatun.tck.cases;

import dev.gatun.Add;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.GroupedMatmul;
import dev.gatun.Matmul;
import dev.gatun.MoeRoute;
import dev.gatun.Mul;
import dev.gatun.RmsNorm;
import dev.gatun.Scale;
import dev.gatun.ShapeException;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.tck.CaseException;
import dev.gatun.tck.lab.Bounds;
import dev.gatun.tck.lab.Draft;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.Placement;
import dev.gatun.tck.lab.ProgramExamination;
import dev.gatun.tck.lab.UnservedException;
import dev.gatun.tck.lab.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Programs of several operators: what backends fuse, and what they must not. */
final class ProgramFamily implements Family {
  static final float EPS = 1e-5f;
  private static final int EXPERTS = 5;
  private static final int TOP = 2;

  /** What the program is. */
  enum Kind {
    /** A norm into one to three products. */
    NORM_MATMULS,
    /** The same, and the norm's result is read by another operator too. */
    NORM_KEPT,
    /** The same, and the norm's result is an output. */
    NORM_OUTPUT,
    /** A norm into gate and up, with SiLU. */
    GATED_SILU,
    /** A norm into gate and up, with GELU. */
    GATED_GELU,
    /** Gate and up listed the other way round. */
    GATED_SWAPPED,
    /** The gate is read again after the unit. */
    GATED_TWO_READERS,
    /** The unit over products that are outputs. */
    GATED_OUTPUTS,
    /** A product added to a residual that it does not come from. */
    RESIDUAL,
    /** The same, over the residual. */
    RESIDUAL_IN_PLACE,
    /** The residual that is overwritten is what the norm reads. */
    RESIDUAL_OVER_NORM,
    /** Products one after the other, each of the one before. */
    MATMUL_CHAIN,
    /** Two products of one input, which is overwritten between them. */
    INPUT_REWRITTEN,
    /** A temporary is written twice, by two norms, and read after each. */
    TEMPORARY_REWRITTEN,
    /** Three products into neighbouring columns of one temporary. */
    PACKED_OUTPUTS,
    /** Products with biases. */
    BIASES,
    /** A product of varying rows, then one of all rows, of the same input. */
    COUNTS,
    /** One product after the other is added to one output. */
    ACCUMULATED,
    /** A norm, the experts of each row, their gate, up and down, and the residual. */
    EXPERTS,
    /** Operators element by element, most in place. */
    CHAIN,
    /** Many temporaries of odd sizes, some dead while others live. */
    TEMPORARIES,
    /** Layers of a decoder from hidden states to logits. */
    LAYER,
    /** The same from tokens to tokens. */
    TOKENS;

    /** Whether what is {@code wide} is the input of a product, so that blocks must fit it. */
    boolean multipliesWide() {
      return this == GATED_SILU || this == MATMUL_CHAIN || this == RESIDUAL_OVER_NORM || this == EXPERTS;
    }
  }

  private final Signature signature = new Signature("program").with("kind", Kind.NORM_MATMULS).with("rows", 1).with("hidden", 64).with("wide", 96)
      .with("outs", 2).with("w", "f32").with("prepared", true).with("t", "f32").with("lies", Placement.PACKED).with("count", Values.NONE)
      .with("split", Draft.Split.NONE).with("layers", 1).with("sequences", 1).with("past", 0).with("heads", 4).with("kv", 2).with("size", 16)
      .with("vsize", 16).with("vocabulary", 101).with("cache", "f32").with("page", 4).with("norms", false);

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Group group() {
    return Group.PROGRAMS;
  }

  @Override
  public String column(Values values) {
    return values.text("w");
  }

  @Override
  public void list(Listing listing) {
    ProgramCases.list(signature, listing);
  }

  @Override
  public void examine(Values values, Workbench bench, Findings findings) {
    try {
      examined(values, bench, findings);
    } catch (UnservedException e) {
      findings.unsupported(e.getMessage());
    }
  }

  private static void examined(Values values, Workbench bench, Findings findings) {
    ProgramParts parts = new ProgramParts(values, bench);
    written(values, parts);
    parts.finish();
    Draft.Split split = values.choice("split", Draft.Split.class);
    if (split != Draft.Split.NONE) {
      parts.draft.cut(split, (parts.draft.size() + 1) / 2);
    }
    ProgramExamination.of(bench, parts.draft, Bounds.program(parts.draft.operators()), findings).run();
  }

  private static void written(Values values, ProgramParts parts) {
    Kind kind = values.choice("kind", Kind.class);
    try {
      if (kind == Kind.LAYER || kind == Kind.TOKENS) {
        LayerProgram.write(parts, kind == Kind.TOKENS);
      } else {
        write(kind, parts);
      }
    } catch (ShapeException | ArithmeticException | IllegalArgumentException e) {
      throw new CaseException(values.test() + " makes no program: " + e.getMessage());
    }
  }

  private static void write(Kind kind, ProgramParts p) {
    switch (kind) {
      case NORM_MATMULS -> {
        Tensor h = normed(p, p.temporary(p.hidden));
        matmuls(p, h);
      }
      case NORM_KEPT -> {
        Tensor h = normed(p, p.temporary(p.hidden));
        matmuls(p, h);
        p.draft.add(new Scale(h, 0.5f, p.output(p.hidden)));
      }
      case NORM_OUTPUT -> matmuls(p, normed(p, p.output(p.hidden)));
      case GATED_SILU, GATED_GELU, GATED_SWAPPED, GATED_TWO_READERS, GATED_OUTPUTS -> gated(kind, p);
      case RESIDUAL, RESIDUAL_IN_PLACE, RESIDUAL_OVER_NORM -> residual(kind, p);
      case MATMUL_CHAIN -> {
        Tensor a = product(p, p.input(p.hidden), p.temporary(p.wide));
        Tensor b = product(p, a, p.temporary(p.hidden));
        product(p, b, p.output(p.wide));
      }
      case INPUT_REWRITTEN -> {
        Tensor x = p.input(p.hidden);
        product(p, x, p.output(p.wide));
        p.draft.add(new Softcap(x, 1.5f, x));
        product(p, x, p.output(p.wide));
      }
      case TEMPORARY_REWRITTEN -> {
        Tensor h = p.temporary(p.hidden);
        for (int i = 0; i < 2; i++) {
          normed(p, h);
          product(p, h, p.output(p.wide));
        }
      }
      case PACKED_OUTPUTS -> {
        Tensor h = normed(p, p.temporary(p.hidden));
        Tensor packed = p.temporary(3 * p.wide);
        for (int i = 0; i < 3; i++) {
          product(p, h, packed.slice(1, (long) i * p.wide, (long) (i + 1) * p.wide));
        }
        p.draft.add(new Copy(packed, p.output(3 * p.wide)));
      }
      case BIASES -> {
        Tensor h = normed(p, p.temporary(p.hidden));
        for (int i = 0; i < p.values.size("outs"); i++) {
          p.draft.add(new Matmul(h, p.matrix(p.wide, p.hidden), Optional.of(p.norm(p.wide)), p.output(p.wide)));
        }
      }
      case COUNTS -> {
        Tensor x = p.input(p.hidden);
        product(p, x, p.output(p.wide));
        Tensor all = p.always(p.hidden);
        product(p, all, p.bench.place(p.type, Placement.PACKED, p.rows, p.wide));
        p.draft.add(new Matmul(all, p.matrix(p.wide, p.hidden), p.bench.place(p.type, Placement.PACKED, p.rows, p.wide)));
      }
      case ACCUMULATED -> {
        Tensor x = p.input(p.hidden);
        Tensor sum = p.input(p.wide);
        for (int i = 0; i < p.values.size("outs"); i++) {
          Tensor t = product(p, x, p.temporary(p.wide));
          p.draft.add(new Add(sum, t, sum));
        }
      }
      case EXPERTS -> experts(p);
      case CHAIN -> chain(p);
      case TEMPORARIES -> temporaries(p);
      case LAYER, TOKENS -> throw new IllegalStateException("a layer is written elsewhere");
    }
  }

  private static Tensor normed(ProgramParts p, Tensor h) {
    p.draft.add(new RmsNorm(p.input(p.hidden), p.norm(p.hidden), EPS, h));
    return h;
  }

  private static Tensor product(ProgramParts p, Tensor x, Tensor y) {
    p.draft.add(new Matmul(x, p.matrix((int) y.size(1), (int) x.size(1)), y));
    return y;
  }

  private static void matmuls(ProgramParts p, Tensor h) {
    for (int i = 0; i < p.values.size("outs"); i++) {
      product(p, h, p.output(i == 0 ? p.wide : p.wide / 2 + i));
    }
  }

  private static void gated(Kind kind, ProgramParts p) {
    Tensor h = normed(p, p.temporary(p.hidden));
    boolean real = kind == Kind.GATED_OUTPUTS;
    Tensor gate = product(p, h, real ? p.output(p.wide) : p.temporary(p.wide));
    Tensor up = product(p, h, real ? p.output(p.wide) : p.temporary(p.wide));
    Tensor y = p.output(p.wide);
    switch (kind) {
      case GATED_GELU -> p.draft.add(new GeluMul(gate, up, Gelu.Form.TANH, y));
      case GATED_SWAPPED -> p.draft.add(new SiluMul(up, gate, y));
      case GATED_SILU -> {
        p.draft.add(new SiluMul(gate, up, gate));
        product(p, gate, p.output(p.hidden));
      }
      default -> p.draft.add(new SiluMul(gate, up, y));
    }
    if (kind == Kind.GATED_TWO_READERS) {
      p.draft.add(new Scale(gate, 3, p.output(p.wide)));
    }
  }

  /** Logits are an input: of two that come of roundings, which a product makes, another may be larger. */
  private static void experts(ProgramParts p) {
    Tensor x = p.input(p.hidden);
    Tensor h = p.temporary(p.hidden);
    Tensor chosen = p.temporary(DType.I32, TOP);
    Tensor weights = p.temporary(DType.F32, TOP);
    Tensor gate = p.temporary(p.type, TOP, p.wide);
    Tensor up = p.temporary(p.type, TOP, p.wide);
    Tensor sum = p.temporary(p.hidden);
    p.draft.add(new RmsNorm(x, p.norm(p.hidden), EPS, h))
        .add(new MoeRoute(p.input(DType.F32, EXPERTS), Optional.empty(), MoeRoute.Options.of(MoeRoute.Gating.SOFTMAX, true), chosen, weights))
        .add(new GroupedMatmul(h, p.matrices(EXPERTS, p.wide, p.hidden), chosen, gate)).add(new GroupedMatmul(h, p.matrices(EXPERTS, p.wide, p.hidden), chosen, up))
        .add(new SiluMul(gate, up, gate))
        .add(new GroupedMatmul(gate, p.matrices(EXPERTS, p.hidden, p.wide), chosen, Optional.of(weights), Optional.empty(), sum)).add(new Add(x, sum, p.output(p.hidden)));
  }

  private static void residual(Kind kind, ProgramParts p) {
    Tensor residual = p.input(p.wide);
    boolean over = kind == Kind.RESIDUAL_OVER_NORM;
    Tensor h = over ? p.temporary(p.wide) : p.input(p.hidden);
    if (over) {
      p.draft.add(new RmsNorm(residual, p.norm(p.wide), EPS, h));
    }
    Tensor o = product(p, h, p.temporary(p.wide));
    Tensor y = kind == Kind.RESIDUAL ? p.output(p.wide) : residual;
    // Either order of the terms is a residual.
    p.draft.add(p.values.size("outs") % 2 == 0 ? new Add(residual, o, y) : new Add(o, residual, y));
    if (kind == Kind.RESIDUAL) {
      p.draft.add(new Scale(y, -1, p.output(p.wide)));
    } else {
      p.draft.add(new RmsNorm(y, p.norm(p.wide), EPS, p.output(p.wide)));
    }
  }

  private static void chain(ProgramParts p) {
    Tensor x = p.input(p.hidden);
    Tensor other = p.input(p.hidden);
    Tensor t = p.temporary(p.hidden);
    p.draft.add(new Scale(x, 1.25f, t)).add(new Softcap(t, 2, t)).add(new Add(t, other, t)).add(new Mul(other, t, other)).add(new Gelu(t, Gelu.Form.ERF, t))
        .add(new Mul(t, p.norm(p.hidden), t)).add(new Add(x, t, x)).add(new Softmax(x, 0.5f, p.output(p.hidden))).add(new Scale(other, 0.5f, other))
        .add(new SiluMul(other, x, p.output(p.hidden)));
  }

  /** Each comes from a slice of the one input, is multiplied by itself after all are there, and read again, last first, when its square is. */
  private static void temporaries(ProgramParts p) {
    Tensor x = p.input(p.hidden);
    List<Tensor> first = new ArrayList<>();
    int[] sizes = {1, 3, 17, p.hidden, 33, 7, p.hidden - 1, 64, 5};
    for (int size : sizes) {
      int n = Math.clamp(size, 1, p.hidden);
      Tensor t = p.temporary(n);
      p.draft.add(new Scale(x.slice(1, p.hidden - n, p.hidden), 1 + first.size(), t));
      first.add(t);
    }
    for (int i = first.size() - 1; i >= 0; i--) {
      int n = (int) first.get(i).size(1);
      Tensor square = p.temporary(n);
      p.draft.add(new Mul(first.get(i), first.get(i), square));
      if (i % 2 == 1) {
        Tensor sum = p.temporary(n);
        p.draft.add(new Add(square, first.get(i), sum));
        square = sum;
      }
      p.draft.add(new Add(square, first.get(i), p.output(n)));
    }
  }
}

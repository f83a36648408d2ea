package dev.gatun.cpu.library;

import dev.gatun.DType;
import dev.gatun.GatunException;
import dev.gatun.cpu.matmul.MatmulKernel;
import dev.gatun.cpu.op.RowMath;
import dev.gatun.cpu.op.TileAttention;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The C kernels that matmul and attention take, of one level; or why they take none. */
public final class NativeKernels {
  /** Takes the best level that there is, or none. */
  public static final String AUTO = "auto";

  /** Takes none. */
  public static final String OFF = "off";

  /** The library's number of BF16 weights whose activations are rounded to BF16. */
  private static final int BF16_BY_BF16 = 286;

  /** Added to GGUF's number of F16 or BF16: the library's number of such weights whose activations are rounded to F16. */
  private static final int BY_HALF = 512;

  private final Optional<NativeLevel> level;
  private final String told;
  private final Map<DType, MatmulKernel> kernels = new EnumMap<>(DType.class);
  private final Map<DType, MatmulKernel> rounding = new EnumMap<>(DType.class);
  private final Map<DType, MatmulKernel> halving = new EnumMap<>(DType.class);
  private final Map<DType, TileAttention> attentions = new EnumMap<>(DType.class);
  private final Optional<NativeLibrary> library;

  private NativeKernels(String reason) {
    this.level = Optional.empty();
    this.told = reason;
    this.library = Optional.empty();
  }

  private NativeKernels(NativeLibrary library, NativeLevel level) {
    this.level = Optional.of(level);
    this.told = library.compiler();
    this.library = Optional.of(library);
    int both = library.activationForm(level, BF16_BY_BF16);
    if (both >= 0) {
      rounding.put(DType.BF16, new NativeKernel(library, level, DType.BF16, BF16_BY_BF16, both));
    }
    for (DType type : List.of(DType.F16, DType.BF16)) {
      int by = number(type) + BY_HALF;
      int form = library.activationForm(level, by);
      if (form >= 0) {
        halving.put(type, new NativeKernel(library, level, type, by, form));
      }
    }
    for (DType type : DType.values()) {
      int number = number(type);
      int form = number < 0 || !MatmulKernel.takes(type) ? -1 : library.activationForm(level, number);
      if (form >= 0) {
        kernels.put(type, new NativeKernel(library, level, type, number, form));
      }
      if (number >= 0 && library.attends(level, number)) {
        attentions.put(type, new NativeAttention(library, level, type, number));
      }
    }
  }

  /** None, for that reason. */
  public static NativeKernels off(String reason) {
    return new NativeKernels(reason);
  }

  /**
   * What was asked for: {@link #AUTO}, {@link #OFF} or a level's label.
   *
   * @throws GatunException if a level was asked for that is not there, or it is none of these
   */
  public static NativeKernels of(String asked) {
    Optional<NativeLevel> level = NativeLevel.of(asked);
    if (asked.equals(OFF)) {
      return off("the option native is off");
    }
    if (level.isEmpty() && !asked.equals(AUTO)) {
      throw new GatunException("cpu: option native is " + AUTO + ", " + OFF + " or a level of "
          + Arrays.stream(NativeLevel.values()).map(NativeLevel::label).collect(Collectors.joining(", ")) + "; got '" + asked + "'");
    }
    return of(level, Loaded.OUTCOME);
  }

  static NativeKernels of(Optional<NativeLevel> level, Outcome outcome) {
    if (level.isEmpty()) {
      return outcome.library().map(library -> new NativeKernels(library, library.best())).orElseGet(() -> off(outcome.reason()));
    }
    String asked = "cpu: option native is " + level.get().label() + ", ";
    NativeLibrary library = outcome.library().orElseThrow(() -> new GatunException(asked + "but " + outcome.reason()));
    if (level.get().compareTo(library.best()) > 0) {
      throw new GatunException(asked + "which this processor does not run; it runs " + library.best().label() + ": take that, or " + AUTO);
    }
    return new NativeKernels(library, level.get());
  }

  /** What looking for the library came to. */
  record Outcome(Optional<NativeLibrary> library, String reason) {
    static Outcome now() {
      try {
        return new Outcome(Optional.of(NativeLibrary.load()), "");
      } catch (NotLoaded e) {
        return new Outcome(Optional.empty(), e.getMessage());
      } catch (RuntimeException | LinkageError e) {
        // Matmul has another form, so that nothing about this library may keep a program from running.
        return new Outcome(Optional.empty(), "the C kernels cannot be loaded: " + e);
      }
    }
  }

  /** The library is looked for once, when it is first wanted. */
  private static final class Loaded {
    static final Outcome OUTCOME = Outcome.now();
  }

  /** The kernel for weights that lie in memory as {@code weightType} documents, where there is one. */
  public Optional<MatmulKernel> kernel(DType weightType) {
    return Optional.ofNullable(kernels.get(weightType));
  }

  /** The kernel that rounds activations to the type of such weights, where there is one and no kernel rounds them further. */
  public Optional<MatmulKernel> rounding(DType weightType) {
    return Optional.ofNullable(rounding.get(weightType));
  }

  /** The kernel that rounds a row of activations to F16 beside such weights, where there is one. */
  public Optional<MatmulKernel> halving(DType weightType) {
    return Optional.ofNullable(halving.get(weightType));
  }

  /** What goes over a tile of keys and values of that type, where there is one. */
  public Optional<TileAttention> attention(DType kept) {
    return Optional.ofNullable(attentions.get(kept));
  }

  /** The loops over rows: in C those that every decoded token runs, where there are such, else {@code java}. */
  public RowMath rows(RowMath java) {
    return library.<RowMath>map(l -> new NativeRowMath(l, level.orElseThrow(), java)).orElse(java);
  }

  /** The level, if there are kernels. */
  public Optional<NativeLevel> level() {
    return level;
  }

  /** Why there is no kernel for a type that has none. */
  public String reason(DType weightType) {
    return level.map(l -> "no C kernel of " + l.label() + " reads " + weightType).orElse(told);
  }

  /** The level and what compiled the kernels, or why there are none. */
  @Override
  public String toString() {
    return level.map(l -> l.label() + " (" + told + ")").orElseGet(() -> "off: " + told);
  }

  /** GGUF's number of a type; −1 if the library knows none. */
  static int number(DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case Q4_0 -> 2;
      case Q4_1 -> 3;
      case Q5_0 -> 6;
      case Q5_1 -> 7;
      case Q8_0 -> 8;
      case Q2_K -> 10;
      case Q3_K -> 11;
      case Q4_K -> 12;
      case Q5_K -> 13;
      case Q6_K -> 14;
      case IQ4_NL -> 20;
      case IQ4_XS -> 23;
      case TQ1_0 -> 34;
      case TQ2_0 -> 35;
      case BF16 -> 30;
      case MXFP4 -> 39;
      case F8_E4M3, F8_E5M2, I8, I32 -> -1;
    };
  }
}

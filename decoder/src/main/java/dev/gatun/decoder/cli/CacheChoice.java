package dev.gatun.decoder.cli;

import dev.gatun.DType;
import dev.gatun.decoder.DecoderOptions;
import dev.gatun.decoder.Model;
import dev.gatun.decoder.ModelException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a decoder keeps keys, values and activations. */
final class CacheChoice {
  private static final int STEP = 64;
  private static final int LARGEST = 1 << 24;
  private static final List<DType> TYPES = List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.F8_E4M3, DType.F8_E5M2);

  @Spec(Spec.Target.MIXEE) CommandSpec spec;

  @Option(names = {"-c", "--context"}, paramLabel = "N",
      description = "The most tokens of prompt and answer together. Default: what is needed, up to the model's own context.")
  Optional<Integer> context = Optional.empty();

  @Option(names = "--cache-type", paramLabel = "TYPE", defaultValue = "f32", converter = TypeName.class,
      description = "How keys and values are kept: f32, f16, bf16, q8_0, f8_e4m3 or f8_e5m2. Default: ${DEFAULT-VALUE}.")
  DType type;

  @Option(names = "--activations", paramLabel = "TYPE", defaultValue = "f32", converter = TypeName.class,
      description = "What prefill keeps activations in between operators: f32, f16 or bf16. Default: ${DEFAULT-VALUE}.")
  DType activations;

  static CacheChoice of(CommandSpec spec, Optional<Integer> context, DType type, DType activations) {
    CacheChoice choice = new CacheChoice();
    choice.spec = spec;
    choice.context = context;
    choice.type = type;
    choice.activations = activations;
    return choice;
  }

  /** Wrong usage is seen before a model is loaded. */
  void check() {
    check("--context");
  }

  /** As {@link #check()}, where the context has another name. */
  void check(String option) {
    if (context.isPresent() && (context.get() < 1 || context.get() > LARGEST)) {
      throw new ParameterException(spec.commandLine(), option + " must be from 1 to " + LARGEST + ", not " + context.get());
    }
    if (!TYPES.contains(type)) {
      throw new ParameterException(spec.commandLine(), "--cache-type can't be " + type.label() + "; there are "
          + TYPES.stream().map(DType::label).collect(Collectors.joining(", ")));
    }
    if (!activations.isFloat()) {
      throw new ParameterException(spec.commandLine(), "--activations can't be " + activations.label() + "; there are f32, f16, bf16");
    }
  }

  /** The most tokens that a model takes where {@code --context} does not say: what it was made for, unless that is absurd. */
  int most(Model model) {
    return context.orElse(Math.min(model.dimensions().context(), LARGEST));
  }

  /**
   * Sizes for a prompt and the answer after it.
   *
   * @throws ModelException if the prompt alone does not fit the context
   */
  DecoderOptions options(Terminal terminal, Model model, int prompt, int answer) {
    check();
    int trained = model.dimensions().context();
    long needed = Math.ceilDiv(Math.max(1, (long) prompt + answer), STEP) * (long) STEP;
    int size = context.orElse((int) Math.min(most(model), needed));
    if (prompt > size) {
      throw new ModelException(model.gguf().file(), "the prompt has " + prompt + " tokens and the context holds " + size
          + "; shorten the prompt" + (size < trained ? " or raise --context (the model was made for " + trained + ")" : ""));
    }
    if (size > trained) {
      terminal.err().println("gatun: note: a context of " + size + " is more than the " + trained + " that the model was made for");
    }
    return DecoderOptions.of(size).withCacheType(type).withActivations(activations);
  }
}

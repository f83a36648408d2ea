package dev.gatun.decoder.cli;

import dev.gatun.Backend;
import dev.gatun.DType;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.model.QuantizedModel;
import dev.gatun.decoder.model.QuantizedTensor;
import dev.gatun.decoder.model.RoundingError;
import dev.gatun.decoder.model.WeightMix;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Rounds a model's matrices to another type, on the CPU backend. */
@Command(name = "quantize",
    description = "Write a GGUF file again with its matrices in another type, and say what that lost: NMSE (the squared differences over the squared "
        + "values) and the largest difference.",
    footer = {"", "Example:", "  gatun quantize model-f16.gguf model-q4_k_m.gguf q4_k_m"})
final class QuantizeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Spec CommandSpec spec;
  @Mixin Help help;

  @Parameters(index = "0", paramLabel = "IN", converter = FileName.class, description = "A GGUF file; any part of a split one.")
  Path in;

  @Parameters(index = "1", paramLabel = "OUT", converter = FileName.class, description = "Where the result goes, in one file.")
  Path out;

  @Parameters(index = "2", paramLabel = "TYPE", converter = TargetName.class, description = "Its type: " + TargetName.LIST + ".")
  WeightMix mix;

  @Option(names = "--force", description = "Replace OUT if it is there.")
  boolean force;

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  @Option(names = {"-t", "--threads"}, paramLabel = "N", description = "How many threads work. Default: one a core.")
  Optional<Integer> threads = Optional.empty();

  QuantizeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    checkOut();
    BackendChoice choice = BackendChoice.of(spec, Optional.of("cpu"), Optional.empty(), threads, Map.of());
    choice.check();
    try (Gguf source = Gguf.open(in)) {
      QuantizedModel model = QuantizedModel.of(source, mix);
      warn(model);
      long started = System.nanoTime();
      try (Backend backend = choice.open(); Progress progress = Progress.of(terminal, "writing " + out)) {
        model.write(out, backend, progress::at);
      }
      Result result = new Result(model, source.fileBytes(), size(), System.nanoTime() - started);
      if (json) {
        writeJson(result);
      } else {
        print(result);
      }
    }
    return 0;
  }

  private record Result(QuantizedModel model, long bytesBefore, long bytes, long nanos) {}

  private void checkOut() {
    if (!Files.exists(out)) {
      return;
    }
    try {
      if (Files.exists(in) && Files.isSameFile(in, out)) {
        throw new ParameterException(spec.commandLine(), "OUT is IN, " + in + "; name another file");
      }
    } catch (IOException e) {
      throw new InputException(out + ": can't be read (" + e.getClass().getSimpleName() + ")", e);
    }
    if (!force) {
      throw new ParameterException(spec.commandLine(), "OUT " + out + ": the file is there already; --force replaces it");
    }
  }

  private void warn(QuantizedModel model) {
    String rounded = model.tensors().stream().filter(tensor -> !tensor.isKept() && tensor.from().blockSize() > 1)
        .collect(Collectors.groupingBy(QuantizedTensor::from, java.util.TreeMap::new, Collectors.counting()))
        .entrySet().stream().map(share -> share.getValue() + " in " + share.getKey()).collect(Collectors.joining(", "));
    if (!rounded.isEmpty()) {
      terminal.err().println("gatun: " + in + " is rounded already (" + rounded
          + "): the error below is that of the second rounding alone; a file in F16, BF16 or F32 gives a better result");
    }
  }

  private void print(Result result) {
    PrintStream to = terminal.out();
    int longest = result.model.tensors().stream().mapToInt(tensor -> tensor.name().length()).max().orElse(0);
    for (QuantizedTensor tensor : result.model.tensors()) {
      String name = String.format(Locale.ROOT, "%-" + Math.max(1, longest) + "s  %-16s %s", tensor.name(), Arrays.toString(tensor.shape()), tensor.from());
      to.println(result.model.error(tensor).map(error -> name + " -> " + tensor.to() + ", " + described(error)).orElse(name + ", kept")
          + tensor.note().map(note -> "; " + note).orElse(""));
    }
    to.println(String.format(Locale.ROOT, "all rounded: %s", described(result.model.error())));
    to.println(String.format(Locale.ROOT, "%s: %s from %s, %.2f bits a weight, %s", out, Units.bytes(result.bytes), Units.bytes(result.bytesBefore),
        result.model.bitsPerWeight(), Units.seconds(result.nanos)));
  }

  private static String described(RoundingError error) {
    return String.format(Locale.ROOT, "NMSE %.3e, largest error %.3g", error.nmse(), error.largest());
  }

  private void writeJson(Result result) {
    try (Json document = Json.indented(terminal.out())) {
      document.object().put("in", in.toString()).put("out", out.toString()).put("type", mix.label()).put("bytes_before", result.bytesBefore)
          .put("bytes", result.bytes).put("bits_per_weight", result.model.bitsPerWeight()).put("nmse", result.model.error().nmse())
          .put("max_error", result.model.error().largest()).put("seconds", result.nanos / 1e9).array("tensors");
      for (QuantizedTensor tensor : result.model.tensors()) {
        document.object().put("name", tensor.name()).put("shape", tensor.shape()).put("from", label(tensor.from().name()))
            .put("to", tensor.to().label()).put("bits_per_weight", tensor.bitsPerWeight());
        result.model.error(tensor).ifPresent(error -> document.put("nmse", error.nmse()).put("max_error", error.largest()));
        tensor.note().ifPresent(note -> document.put("note", note));
        document.endObject();
      }
      document.endArray().endObject();
    }
  }

  private static String label(String type) {
    return type.toLowerCase(Locale.ROOT);
  }

  private long size() {
    try {
      return Files.size(out);
    } catch (IOException e) {
      throw new InputException(out + ": is gone again (" + e.getClass().getSimpleName() + ")", e);
    }
  }

}

package dev.gatun.decoder.model;

import dev.gatun.Backend;
import dev.gatun.Case;
import dev.gatun.DType;
import dev.gatun.Quantize;
import dev.gatun.Shape;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.UnsupportedCaseException;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufTensor;
import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.gguf.TensorSource;
import dev.gatun.decoder.gguf.WriteProgress;
import dev.gatun.spi.Unsupported;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF model with its matrices rounded to another type, tensor by tensor while it is written, so that only some rows are in memory. Metadata is the
 * source's but for {@code general.file_type} and {@code general.quantization_version}. Elements pass through F32, so that a source that is rounded
 * already keeps what its first rounding lost. The source must stay open while this is used.
 */
public final class QuantizedModel {
  private static final int QUANTIZATION_VERSION = 2;

  private final Gguf source;
  private final WeightMix mix;
  private final List<QuantizedTensor> tensors;
  private final Map<String, RoundingError> errors = new LinkedHashMap<>();
  private Optional<GgufTensor> current = Optional.empty();

  private QuantizedModel(Gguf source, WeightMix mix, List<QuantizedTensor> tensors) {
    this.source = source;
    this.mix = mix;
    this.tensors = tensors;
  }

  /**
   * Decides what each tensor becomes.
   *
   * @throws dev.gatun.decoder.gguf.GgufException naming the first tensor whose type can't be read
   */
  public static QuantizedModel of(Gguf source, WeightMix mix) {
    TensorRule rule = TensorRule.of(source, mix);
    return new QuantizedModel(source, mix, source.entries().stream().map(entry -> rule.plan(source, entry)).toList());
  }

  /** Every tensor, in the file's order. */
  public List<QuantizedTensor> tensors() {
    return tensors;
  }

  /**
   * Writes the file; until it is complete it has a temporary name in the same folder. A file already there is replaced.
   *
   * @param backend one that computes in host memory and has {@link Quantize} for the types, as {@code cpu} has
   * @throws UnsupportedCaseException if it cannot round to a type
   * @throws dev.gatun.decoder.gguf.GgufException if there is too little space, or the folder or file can't be written
   */
  public void write(Path file, Backend backend, WriteProgress progress) {
    errors.clear();
    tensors.stream().filter(tensor -> !tensor.isKept()).map(QuantizedTensor::to).distinct().forEach(type -> requireRounding(backend, type));
    int longest = tensors.stream().filter(tensor -> !tensor.isKept()).mapToInt(QuantizedTensor::columns).max().orElse(1);
    try (RowConversion conversion = new RowConversion(backend, longest)) {
      GgufWriter writer = new GgufWriter().copy(source.metadata()).removeAll(SeededModel.KEYS_PREFIX);
      writer.uint32("general.file_type", mix.fileType()).uint32("general.quantization_version", QUANTIZATION_VERSION).progress(progress);
      for (QuantizedTensor tensor : tensors) {
        writer.tensor(tensor.name(), tensor.to(), tensor.shape(), bytes(tensor, conversion));
      }
      writer.write(file);
    }
  }

  private static void requireRounding(Backend backend, DType type) {
    if (type.isBlock()) {
      Case wanted = new Quantize(nowhere(DType.F32, type), nowhere(type, type)).toCase();
      if (backend.plan(wanted) instanceof Unsupported refused) {
        throw new UnsupportedCaseException(backend.name(), wanted, refused.reason());
      }
    }
  }

  private static Tensor nowhere(DType type, DType blocks) {
    return Tensor.of(new Storage.Nowhere(type.bytes(blocks.blockSize())), 0, type, Shape.of(1, blocks.blockSize()));
  }

  private TensorSource bytes(QuantizedTensor tensor, RowConversion conversion) {
    if (tensor.isKept()) {
      return TensorSource.of(source.tensor(tensor.name()).orElseThrow().data());
    }
    int columns = tensor.columns();
    return (offset, chunk) -> {
      GgufTensor data = read(tensor.name());
      long row = offset / tensor.to().bytes(columns);
      long rows = chunk.byteSize() / tensor.to().bytes(columns);
      long rowBytes = data.dtype().bytes(columns);
      MemorySegment from = data.data().asSlice(row * rowBytes, rows * rowBytes);
      RoundingError error = conversion.convert(from, data.dtype(), chunk, tensor.to(), columns);
      errors.merge(tensor.name(), error, RoundingError::plus);
    };
  }

  /** The tensor that is written now; one of a type that is rewritten is so only once. */
  private GgufTensor read(String name) {
    if (current.isEmpty() || !current.get().name().equals(name)) {
      current = source.tensor(name);
    }
    return current.orElseThrow();
  }

  /** What rounding changed in a tensor, once the file is written; empty for one that is kept. */
  public Optional<RoundingError> error(QuantizedTensor tensor) {
    return Optional.ofNullable(errors.get(tensor.name()));
  }

  /** What rounding changed in all tensors that were rounded. */
  public RoundingError error() {
    return errors.values().stream().reduce(RoundingError.NONE, RoundingError::plus);
  }

  /** Bits that an element takes, of all tensors; 0 where there are none. */
  public double bitsPerWeight() {
    double bits = 0;
    double elements = 0;
    for (QuantizedTensor tensor : tensors) {
      bits += tensor.bitsPerWeight() * tensor.elements();
      elements += tensor.elements();
    }
    return elements == 0 ? 0 : bits / elements;
  }
}

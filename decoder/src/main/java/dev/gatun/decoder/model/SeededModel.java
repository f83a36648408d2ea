package dev.gatun.decoder.model;

import dev.gatun.DType;
import dev.gatun.ShapeException;
import dev.gatun.decoder.gguf.Gguf;
import dev.gatun.decoder.gguf.GgufWriter;
import dev.gatun.decoder.gguf.MetadataType;
import dev.gatun.decoder.gguf.TensorSource;
import dev.gatun.decoder.gguf.WriteProgress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Models with random weights in the shape of real ones, for measuring without a download. Matrices have mean 0 and the standard
 * deviation {@code 1/sqrt(row length)}, so that activations stay of order one through any number of layers; norms are 1; the
 * vocabulary is made by rule. The same shape, type and seed give the same file, byte for byte, on every machine.
 */
public final class SeededModel {
  /** The seed of {@link #cached}. */
  public static final long SEED = 20260101;

  /** Raised whenever the bytes made from a seed change, so that old files in the cache are replaced. */
  static final int VERSION = 2;

  /** What the keys of a seeded model's own metadata begin with. */
  static final String KEYS_PREFIX = "gatun.seeded.";
  static final String VERSION_KEY = KEYS_PREFIX + "version";
  static final String SEED_KEY = KEYS_PREFIX + "seed";
  static final String SHAPE_KEY = KEYS_PREFIX + "shape";
  static final String TYPE_KEY = KEYS_PREFIX + "type";
  static final String BYTES_KEY = KEYS_PREFIX + "bytes";

  private static final double BIAS_DEVIATION = 0.1;

  private final ModelShape shape;
  private final WeightMix mix;
  private final long seed;
  private final GgufWriter writer = new GgufWriter();
  private int drawn;

  private SeededModel(ModelShape shape, WeightMix mix, long seed) {
    this.shape = shape;
    this.mix = mix;
    this.seed = seed;
  }

  /**
   * The path of this model in the user's cache folder, made first where it isn't there yet. Several processes may ask at once: one
   * makes it and the others wait. The folder is what the system property {@code gatun.cache} names, or
   * {@code $XDG_CACHE_HOME/gatun}, or {@code ~/.cache/gatun}, on macOS {@code ~/Library/Caches/gatun}, on Windows {@code %LOCALAPPDATA%\gatun}.
   *
   * @param mix types of matrices: F32, F16, BF16, Q8_0, Q4_0, Q5_0, Q4_K or Q6_K
   * @param progress hears of bytes written; never called where the file is there already
   * @throws ShapeException if a type's blocks don't fit the shape's rows, or a type is none of these
   * @throws dev.gatun.decoder.gguf.GgufException if there is too little space, or the folder or file can't be written
   */
  public static Path cached(ModelShape shape, WeightMix mix, WriteProgress progress) {
    requireFit(shape, mix);
    return new SeededCache(CacheFolder.ofThisUser()).get(shape, mix, SEED, progress);
  }

  /** As {@link #cached(ModelShape, WeightMix, WriteProgress)}, with all matrices of one type. */
  public static Path cached(ModelShape shape, DType type, WriteProgress progress) {
    return cached(shape, WeightMix.of(type), progress);
  }

  /**
   * Writes a model to {@code file}; errors are those of {@link #cached(ModelShape, WeightMix, WriteProgress)}.
   *
   * @param mix types of matrices: F32, F16, BF16, Q8_0, Q4_0, Q5_0, Q4_K or Q6_K
   */
  public static void write(Path file, ModelShape shape, WeightMix mix, long seed, WriteProgress progress) {
    write(file, shape, mix, seed, progress, Runtime.getRuntime().availableProcessors());
  }

  /** As {@link #write(Path, ModelShape, WeightMix, long, WriteProgress)}, with all matrices of one type. */
  public static void write(Path file, ModelShape shape, DType type, long seed, WriteProgress progress) {
    write(file, shape, WeightMix.of(type), seed, progress);
  }

  /**
   * The model of {@link #cached(ModelShape, WeightMix, WriteProgress)} without a file: for models that are larger than a disk, whose
   * weights are made where they are used.
   *
   * @throws ShapeException as {@link #cached(ModelShape, WeightMix, WriteProgress)}
   */
  public static Gguf described(ModelShape shape, WeightMix mix) {
    requireFit(shape, mix);
    return new SeededModel(shape, mix, SEED).compose().described(Path.of(shape.name() + "-" + mix.label() + " (seeded, in no file)"));
  }

  /** As {@link #described(ModelShape, WeightMix)}, with all matrices of one type. */
  public static Gguf described(ModelShape shape, DType type) {
    return described(shape, WeightMix.of(type));
  }

  static void write(Path file, ModelShape shape, WeightMix mix, long seed, WriteProgress progress, int threads) {
    requireFit(shape, mix);
    new SeededModel(shape, mix, seed).compose().threads(threads).progress(progress).write(file);
  }

  private static void requireFit(ModelShape shape, WeightMix mix) {
    for (DType type : mix.types()) {
      requireMade(type);
    }
    for (ShapeTensors.Tensor tensor : ShapeTensors.of(shape)) {
      DType type = type(tensor, shape, mix);
      requireMade(type);
      if (tensor.columns() % type.blockSize() != 0) {
        throw new ShapeException("shape " + shape.name() + " has rows of " + tensor.columns() + " elements (" + tensor.name()
            + "), no multiple of the block of " + type.blockSize() + " of " + type.label() + ": choose another type");
      }
    }
  }

  private static void requireMade(DType type) {
    if (!SeededWeights.makes(type)) {
      throw new ShapeException("no seeded model of type " + type.label() + ": choose f32, f16, bf16, q8_0, q4_0, q5_0, q4_k or q6_k");
    }
  }

  private static DType type(ShapeTensors.Tensor tensor, ModelShape shape, WeightMix mix) {
    return switch (tensor.kind()) {
      case EMBEDDING, MATRIX -> mix.fitted(mix.matrices(), tensor.columns());
      case SENSITIVE -> mix.fitted(mix.sensitive(tensor.layer(), shape.layers()), tensor.columns());
      case OUTPUT -> mix.fitted(mix.output(), tensor.columns());
      case ROUTER, NORM, BIAS, FREQUENCIES -> DType.F32;
    };
  }

  private GgufWriter compose() {
    describe();
    SeededVocabulary.addTo(writer, shape.vocab());
    for (ShapeTensors.Tensor tensor : ShapeTensors.of(shape)) {
      DType type = type(tensor, shape, mix);
      writer.tensor(tensor.name(), type, tensor.shape(), values(tensor, type));
    }
    // The value's width is fixed, so that writing it doesn't change it.
    writer.put(BYTES_KEY, MetadataType.UINT64, 0L);
    return writer.put(BYTES_KEY, MetadataType.UINT64, writer.fileBytes());
  }

  private TensorSource values(ShapeTensors.Tensor tensor, DType type) {
    return switch (tensor.kind()) {
      case EMBEDDING, OUTPUT, MATRIX, SENSITIVE, ROUTER -> SeededWeights.of(type, SeededBits.of(seed, drawn++), 1 / Math.sqrt(tensor.columns()));
      case BIAS -> SeededWeights.of(type, SeededBits.of(seed, drawn++), BIAS_DEVIATION);
      case NORM -> ones(tensor.columns());
      case FREQUENCIES -> floats(shape.ropeScaling().orElseThrow().divisors(shape.headSize(), shape.ropeBase()));
    };
  }

  private void describe() {
    String family = shape.family();
    // Of a model whose name has "phi-3" in it llama.cpp wants tokens that this vocabulary lacks.
    writer.string("general.architecture", family).string("general.name", shape.name().replace('-', ' ') + " with seeded weights")
        .uint32("general.file_type", mix.fileType()).uint32("general.quantization_version", 2)
        .uint32(VERSION_KEY, VERSION).put(SEED_KEY, MetadataType.INT64, seed).string(SHAPE_KEY, shape.name())
        .string(TYPE_KEY, mix.label())
        .uint32(family + ".vocab_size", shape.vocab())
        .uint32(family + ".block_count", shape.layers())
        .uint32(family + ".context_length", shape.context())
        .uint32(family + ".embedding_length", shape.embedding())
        .uint32(family + ".feed_forward_length", shape.feedForward())
        .uint32(family + ".attention.head_count", shape.heads())
        .uint32(family + ".attention.head_count_kv", shape.kvHeads())
        .float32(family + ".attention.layer_norm_rms_epsilon", shape.normEpsilon())
        .float32(family + ".rope.freq_base", shape.ropeBase());
    if (shape.latent().isPresent()) {
      describe(family, shape.latent().get());
    } else {
      writer.uint32(family + ".attention.key_length", shape.headSize()).uint32(family + ".attention.value_length", shape.headSize())
          .uint32(family + ".rope.dimension_count", shape.headSize());
    }
    shape.experts().ifPresent(experts -> describe(family, experts));
    shape.keys().forEach(key -> writer.put(family + "." + key.name(), key.type(), key.value()));
  }

  private void describe(String family, ModelShape.Latent latent) {
    // Files that speak of the latent row as of one key/value head give the sizes of the heads that are made of it apart.
    boolean asOneHead = shape.kvHeads() == 1;
    writer.uint32(family + ".attention.kv_lora_rank", latent.rank()).uint32(family + ".rope.dimension_count", latent.rotated())
        .uint32(family + ".attention.key_length", asOneHead ? latent.rank() + latent.rotated() : shape.headSize())
        .uint32(family + ".attention.value_length", asOneHead ? latent.rank() : latent.valueSize());
    if (asOneHead) {
      writer.uint32(family + ".attention.key_length_mla", shape.headSize()).uint32(family + ".attention.value_length_mla", latent.valueSize());
    }
    if (latent.queryRank() > 0) {
      writer.uint32(family + ".attention.q_lora_rank", latent.queryRank());
    }
  }

  private void describe(String family, ModelShape.Experts experts) {
    writer.uint32(family + ".expert_count", experts.count()).uint32(family + ".expert_used_count", experts.used())
        .uint32(family + ".expert_feed_forward_length", experts.feedForward());
    if (experts.shared() > 0) {
      writer.uint32(family + ".expert_shared_feed_forward_length", experts.shared());
    }
    if (experts.denseLayers() > 0) {
      writer.uint32(family + ".leading_dense_block_count", experts.denseLayers());
    }
  }

  private static TensorSource ones(int size) {
    float[] ones = new float[size];
    Arrays.fill(ones, 1);
    return floats(ones);
  }

  private static TensorSource floats(float[] values) {
    ValueLayout.OfFloat littleEndian = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    return (offset, chunk) -> MemorySegment.copy(values, (int) (offset / Float.BYTES), chunk, littleEndian, 0,
        (int) (chunk.byteSize() / Float.BYTES));
  }
}

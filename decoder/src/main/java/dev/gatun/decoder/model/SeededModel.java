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
  static final int VERSION = 1;

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
  private int tensors;

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
   * @param mix types of matrices: F32, F16, BF16, Q8_0, Q4_0, Q4_K or Q6_K
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
   * @param mix types of matrices: F32, F16, BF16, Q8_0, Q4_0, Q4_K or Q6_K
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
    mix.types().forEach(type -> requireFit(shape, type));
  }

  private static void requireFit(ModelShape shape, DType type) {
    if (!SeededWeights.makes(type)) {
      throw new ShapeException("no seeded model of type " + type.label() + ": choose f32, f16, bf16, q8_0, q4_0, q4_k or q6_k");
    }
    for (int row : new int[] {shape.embedding(), shape.feedForward(), shape.heads() * shape.headSize()}) {
      if (row % type.blockSize() != 0) {
        throw new ShapeException("shape " + shape.name() + " has rows of " + row + " elements, no multiple of the block of "
            + type.blockSize() + " of " + type.label() + ": choose another type");
      }
    }
  }

  private GgufWriter compose() {
    describe();
    SeededVocabulary.addTo(writer, shape.vocab());
    matrix("token_embd.weight", shape.tied() ? mix.output() : mix.matrices(), shape.vocab(), shape.embedding());
    shape.ropeScaling().ifPresent(scaling -> writer.tensor("rope_freqs.weight", DType.F32, new long[] {shape.headSize() / 2},
        floats(scaling.divisors(shape.headSize(), shape.ropeBase()))));
    for (int layer = 0; layer < shape.layers(); layer++) {
      block("blk." + layer + ".", mix.sensitive(layer, shape.layers()));
    }
    ones("output_norm.weight", shape.embedding());
    if (!shape.tied()) {
      matrix("output.weight", mix.output(), shape.vocab(), shape.embedding());
    }
    // The value's width is fixed, so that writing it doesn't change it.
    writer.put(BYTES_KEY, MetadataType.UINT64, 0L);
    return writer.put(BYTES_KEY, MetadataType.UINT64, writer.fileBytes());
  }

  private void describe() {
    String family = shape.family();
    writer.string("general.architecture", family).string("general.name", shape.name() + " with seeded weights")
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
        .uint32(family + ".attention.key_length", shape.headSize())
        .uint32(family + ".attention.value_length", shape.headSize())
        .float32(family + ".attention.layer_norm_rms_epsilon", shape.normEpsilon())
        .uint32(family + ".rope.dimension_count", shape.headSize())
        .float32(family + ".rope.freq_base", shape.ropeBase());
  }

  private void block(String prefix, DType sensitive) {
    DType type = mix.matrices();
    int queries = shape.heads() * shape.headSize();
    int keys = shape.kvHeads() * shape.headSize();
    ones(prefix + "attn_norm.weight", shape.embedding());
    matrix(prefix + "attn_q.weight", type, queries, shape.embedding());
    matrix(prefix + "attn_k.weight", type, keys, shape.embedding());
    matrix(prefix + "attn_v.weight", sensitive, keys, shape.embedding());
    if (shape.family().equals("qwen2")) {
      bias(prefix + "attn_q.bias", queries);
      bias(prefix + "attn_k.bias", keys);
      bias(prefix + "attn_v.bias", keys);
    }
    if (shape.family().equals("qwen3")) {
      ones(prefix + "attn_q_norm.weight", shape.headSize());
      ones(prefix + "attn_k_norm.weight", shape.headSize());
    }
    matrix(prefix + "attn_output.weight", type, shape.embedding(), queries);
    ones(prefix + "ffn_norm.weight", shape.embedding());
    matrix(prefix + "ffn_gate.weight", type, shape.feedForward(), shape.embedding());
    matrix(prefix + "ffn_up.weight", type, shape.feedForward(), shape.embedding());
    matrix(prefix + "ffn_down.weight", sensitive, shape.embedding(), shape.feedForward());
  }

  private void matrix(String name, DType type, int rows, int columns) {
    SeededBits bits = SeededBits.of(seed, tensors++);
    writer.tensor(name, type, new long[] {rows, columns}, SeededWeights.of(type, bits, 1 / Math.sqrt(columns)));
  }

  private void bias(String name, int size) {
    SeededBits bits = SeededBits.of(seed, tensors++);
    writer.tensor(name, DType.F32, new long[] {size}, SeededWeights.of(DType.F32, bits, BIAS_DEVIATION));
  }

  private void ones(String name, int size) {
    float[] ones = new float[size];
    Arrays.fill(ones, 1);
    writer.tensor(name, DType.F32, new long[] {size}, floats(ones));
  }

  private static TensorSource floats(float[] values) {
    ValueLayout.OfFloat littleEndian = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    return (offset, chunk) -> MemorySegment.copy(values, (int) (offset / Float.BYTES), chunk, littleEndian, 0,
        (int) (chunk.byteSize() / Float.BYTES));
  }
}

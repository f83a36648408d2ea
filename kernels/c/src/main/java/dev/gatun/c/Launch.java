package dev.gatun.c;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.GroupedMatmul;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.MlaAttention;
import dev.gatun.MoeRoute;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Sample;
import dev.gatun.Scale;
import dev.gatun.Shape;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The arguments of an operator's launch function: the components of its record, in their order, after device and stream. */
final class Launch {
  /** The operators that the header has no function for. */
  static final Set<Class<? extends Operator>> LEFT_OUT = Set.of(GroupedMatmul.class, MlaAttention.class, MoeRoute.class);

  private final Places places;
  private final SegmentAllocator allocator;
  private final StringBuilder shape = new StringBuilder("LL");
  private final List<Object> arguments = new ArrayList<>();
  private Optional<Tensor> count = Optional.empty();

  private Launch(Places places, SegmentAllocator allocator) {
    this.places = places;
    this.allocator = allocator;
  }

  /** The launch function of an operator. */
  static String function(Operator operator) {
    return "gatun_" + operator.name();
  }

  /** The arguments of an operator, whose structs are put into memory of {@code allocator}. */
  static Launch of(Operator operator, Places places, SegmentAllocator allocator) {
    Launch launch = new Launch(places, allocator);
    return switch (operator) {
      case Add o -> launch.counting(o.a(), o.b(), o.y()).rows(o.a()).factor(o.b(), o.a()).rows(o.y());
      case Mul o -> launch.counting(o.a(), o.b(), o.y()).rows(o.a()).factor(o.b(), o.a()).rows(o.y());
      case Scale o -> launch.counting(o.x(), o.y()).rows(o.x()).number(o.factor()).rows(o.y());
      case Softcap o -> launch.counting(o.x(), o.y()).rows(o.x()).number(o.cap()).rows(o.y());
      case Softmax o -> launch.counting(o.x(), o.y()).rows(o.x()).number(o.scale()).rows(o.y());
      case SiluMul o -> launch.counting(o.gate(), o.up(), o.y()).rows(o.gate()).rows(o.up()).rows(o.y());
      case Gelu o -> launch.counting(o.x(), o.y()).rows(o.x()).number(form(o.form())).rows(o.y());
      case GeluMul o -> launch.counting(o.gate(), o.up(), o.y()).rows(o.gate()).rows(o.up()).number(form(o.form())).rows(o.y());
      case RmsNorm o -> launch.counting(o.x(), o.y()).rows(o.x()).fixed(o.weight()).number(o.eps()).rows(o.y());
      case LayerNorm o -> launch.counting(o.x(), o.y()).rows(o.x()).fixed(o.weight()).perhaps(o.bias()).number(o.eps()).rows(o.y());
      case Rope o -> launch.counting(o.x(), o.positions(), o.y()).rows(o.x()).rows(o.positions()).perhaps(o.factors())
          .pointer(Structs.rotation(o.rotation(), allocator)).rows(o.y());
      case Matmul o -> launch.counting(o.x(), o.y()).rows(o.x()).fixed(o.w()).perhaps(o.scale()).perhaps(o.bias()).rows(o.y());
      case Embedding o -> launch.counting(o.ids(), o.y()).rows(o.ids()).fixed(o.table()).rows(o.y());
      case GatherRows o -> launch.counting(o.rows(), o.y()).fixed(o.x()).rows(o.rows()).rows(o.y());
      case Copy o -> launch.counting(o.x(), o.y()).rows(o.x()).rows(o.y());
      case Quantize o -> launch.counting(o.x(), o.y()).rows(o.x()).rows(o.y());
      case Dequantize o -> launch.counting(o.x(), o.y()).rows(o.x()).rows(o.y());
      case Argmax o -> launch.counting(o.x(), o.y()).rows(o.x()).rows(o.y());
      case TopK o -> launch.counting(o.x(), o.values(), o.indices()).rows(o.x()).rows(o.values()).rows(o.indices());
      case Penalize o -> launch.counting(o.x(), o.history(), o.lengths(), o.penalties(), o.y()).rows(o.x()).rows(o.history())
          .rows(o.lengths()).rows(o.penalties()).rows(o.y());
      case Sample o -> launch.counting(o.x(), o.controls(), o.seeds(), o.positions(), o.ids()).rows(o.x()).rows(o.controls())
          .rows(o.seeds()).rows(o.positions()).rows(o.ids());
      case KvAppend o -> launch.counting(o.k(), o.v(), o.batch().positions()).rows(o.k()).rows(o.v()).batch(o.batch())
          .cache(o.kv(), o.layer());
      case Attention o -> launch.counting(o.q(), o.y(), o.batch().positions()).rows(o.q()).kv(o.kv()).batch(o.batch())
          .number(o.options().scale()).number(o.options().causal() ? 1 : 0).number(o.options().window())
          .number(o.options().softcap()).perhaps(o.sinks()).rows(o.y());
      case GroupedMatmul _, MlaAttention _, MoeRoute _ -> throw new IllegalStateException(function(operator) + " is in no header");
    };
  }

  /** The arguments of an append of one token of {@code dtype}, without addresses: whether a cache of this geometry is served. */
  static Launch append(KvCache.Spec spec, DType dtype, SegmentAllocator allocator) {
    Launch launch = new Launch(Places.NOWHERE, allocator);
    Ragged one = new Ragged(nowhere(DType.I32, 2), nowhere(DType.I32, 1), nowhere(DType.I32, 1));
    return launch.rows(nowhere(dtype, 1, spec.heads(), spec.keySize())).rows(nowhere(dtype, 1, spec.heads(), spec.valueSize())).batch(one)
        .pointer(Structs.cache(spec, 0, 0, 0, allocator));
  }

  private static Tensor nowhere(DType dtype, long... sizes) {
    Shape shape = Shape.of(sizes);
    return Tensor.of(new Storage.Nowhere(dtype.bytes(shape.elements())), 0, dtype, shape);
  }

  private static int form(Gelu.Form form) {
    return form == Gelu.Form.ERF ? 0 : 1;
  }

  /** A letter for each parameter, device and stream included, as {@link CFunction} takes it. */
  String shape() {
    return shape.toString();
  }

  /** The arguments after device and stream. */
  Object[] arguments() {
    return arguments.toArray();
  }

  /** Of operands that vary together, any may carry the count. */
  private Launch counting(Tensor... together) {
    for (Tensor tensor : together) {
      if (count.isEmpty()) {
        count = tensor.count();
      }
    }
    return this;
  }

  /** An operand whose dimension 0 varies with the others. */
  private Launch rows(Tensor tensor) {
    return pointer(tensor(tensor, count));
  }

  /** The second operand of a sum or product, which may be one row for all. */
  private Launch factor(Tensor tensor, Tensor like) {
    return tensor.shape().equals(like.shape()) ? rows(tensor) : fixed(tensor);
  }

  private Launch fixed(Tensor tensor) {
    return pointer(tensor(tensor, tensor.count()));
  }

  private Launch perhaps(Optional<Tensor> tensor) {
    return tensor.map(this::fixed).orElseGet(() -> pointer(MemorySegment.NULL));
  }

  private MemorySegment tensor(Tensor tensor, Optional<Tensor> varying) {
    MemorySegment struct = allocator.allocate(Structs.TENSOR);
    Structs.tensor(struct, tensor, varying, places);
    return struct;
  }

  private Launch batch(Ragged batch) {
    return pointer(three(batch.starts(), Optional.empty(), batch.slots(), batch.slots().count(), batch.positions(), count));
  }

  private Launch kv(Kv kv) {
    return switch (kv) {
      case Kv.Dense dense -> pointer(three(dense.k(), dense.k().count(), dense.v(), dense.v().count(), dense.starts(), Optional.empty()))
          .pointer(MemorySegment.NULL);
      case Kv.Paged paged -> pointer(MemorySegment.NULL).cache(paged.cache(), paged.layer());
    };
  }

  /** A struct of three tensors. */
  private MemorySegment three(Tensor a, Optional<Tensor> countA, Tensor b, Optional<Tensor> countB, Tensor c, Optional<Tensor> countC) {
    long size = Structs.TENSOR.byteSize();
    MemorySegment struct = allocator.allocate(Structs.BATCH);
    Structs.tensor(struct.asSlice(0, size), a, countA, places);
    Structs.tensor(struct.asSlice(size, size), b, countB, places);
    Structs.tensor(struct.asSlice(2 * size, size), c, countC, places);
    return struct;
  }

  private Launch cache(KvCache cache, int layer) {
    return pointer(Structs.cache(cache.spec(), layer, places.pages(cache), places.table(cache), allocator));
  }

  private Launch pointer(MemorySegment struct) {
    return add('L', struct.address());
  }

  private Launch number(int value) {
    return add('I', value);
  }

  private Launch number(float value) {
    return add('F', value);
  }

  private Launch add(char letter, Object value) {
    shape.append(letter);
    arguments.add(value);
    return this;
  }
}

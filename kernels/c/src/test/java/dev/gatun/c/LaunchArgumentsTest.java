package dev.gatun.c;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Add;
import dev.gatun.Argmax;
import dev.gatun.Attention;
import dev.gatun.Backend;
import dev.gatun.BackendOptions;
import dev.gatun.Copy;
import dev.gatun.DType;
import dev.gatun.Dequantize;
import dev.gatun.Embedding;
import dev.gatun.GatherRows;
import dev.gatun.Gatun;
import dev.gatun.Gelu;
import dev.gatun.GeluMul;
import dev.gatun.Kv;
import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.LayerNorm;
import dev.gatun.Matmul;
import dev.gatun.Mul;
import dev.gatun.Operator;
import dev.gatun.Penalize;
import dev.gatun.Quantize;
import dev.gatun.Ragged;
import dev.gatun.RmsNorm;
import dev.gatun.Rope;
import dev.gatun.Rotation;
import dev.gatun.Sample;
import dev.gatun.Scale;
import dev.gatun.Shape;
import dev.gatun.SiluMul;
import dev.gatun.Softcap;
import dev.gatun.Softmax;
import dev.gatun.Tensor;
import dev.gatun.TopK;
import dev.gatun.spi.Unsupported;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each operator, and what a library that says what it was given was given. */
class LaunchArgumentsTest {
  private static Backend backend;
  private static Backend keeper;
  private static KvCache cache;
  private static final DType F32 = DType.F32;
  private static final DType I32 = DType.I32;

  @BeforeAll
  static void open() {
    System.setProperty("gatun.scripted.library", Native.library("scripted").toString());
    keeper = Gatun.open("scripted", BackendOptions.none().with("fail", "gatun_kv_append").with("status", 0));
    cache = keeper.newKvCache(new KvCache.Spec(3, 2, 8, 16, DType.F16, 4, 6, 5, 10));
    backend = Gatun.open("scripted");
  }

  @AfterAll
  static void close() {
    backend.close();
    keeper.close();
  }

  private static Tensor t(DType dtype, long... shape) {
    return Tensor.ofHost(Arena.ofAuto().allocate(Math.max(1, dtype.bytes(Shape.of(shape).elements()))), dtype, shape);
  }

  private static Arguments of(Operator operator, String said) {
    return Arguments.of(operator, said);
  }

  static List<Arguments> operators() {
    Tensor x = t(F32, 2, 4);
    Tensor y = t(DType.F16, 2, 4);
    Tensor row = t(F32, 4);
    String x1 = "x=0[2/4,4/1]";
    String y1 = "y=1[2/4,4/1]";
    List<Arguments> list = new ArrayList<>(List.of(
        of(new Add(x, row, y), "gatun_add a=0[2/4,4/1] b=0[4/1] " + y1),
        of(new Mul(x, x, y), "gatun_mul a=0[2/4,4/1] b=0[2/4,4/1] " + y1),
        of(new Scale(x, 2.5f, y), "gatun_scale " + x1 + " factor=2.5 " + y1),
        of(new Softcap(x, 30, y), "gatun_softcap " + x1 + " cap=30 " + y1),
        of(new Softmax(x, 0.125f, y), "gatun_softmax " + x1 + " scale=0.125 " + y1),
        of(new SiluMul(x, y, x), "gatun_silu_mul gate=0[2/4,4/1] up=1[2/4,4/1] y=0[2/4,4/1]"),
        of(new Gelu(x, Gelu.Form.TANH, y), "gatun_gelu " + x1 + " form=1 " + y1),
        of(new GeluMul(x, y, Gelu.Form.ERF, x), "gatun_gelu_mul gate=0[2/4,4/1] up=1[2/4,4/1] form=0 y=0[2/4,4/1]"),
        of(new RmsNorm(x, row, 0.5f, y), "gatun_rms_norm " + x1 + " weight=0[4/1] eps=0.5 " + y1),
        of(new LayerNorm(x, row, Optional.empty(), 0.25f, y), "gatun_layer_norm " + x1 + " weight=0[4/1] bias=none eps=0.25 " + y1),
        of(new LayerNorm(x, row, Optional.of(row), 0.25f, y), "gatun_layer_norm " + x1 + " weight=0[4/1] bias=0[4/1] eps=0.25 " + y1),
        of(new Matmul(t(F32, 2, 32), t(DType.Q4_0, 3, 32), Optional.of(t(F32, 3)), t(F32, 2, 3)),
            "gatun_matmul x=0[2/32,32/1] w=8[3/32,32/1] scale=none bias=0[3/1] y=0[2/3,3/1]"),
        of(new Matmul(t(F32, 2, 300), t(DType.F8_E4M3, 3, 300), Optional.of(t(F32, 1, 3)), Optional.empty(), t(F32, 2, 3)),
            "gatun_matmul x=0[2/300,300/1] w=5[3/300,300/1] scale=0[1/3,3/1] bias=none y=0[2/3,3/1]"),
        of(new Embedding(t(I32, 2), t(DType.Q6_K, 5, 256), t(DType.BF16, 2, 256)),
            "gatun_embedding ids=4[2/1] table=16[5/256,256/1] y=2[2/256,256/1]"),
        of(new GatherRows(x, t(I32, 3), t(F32, 3, 4)), "gatun_gather_rows " + x1 + " rows=4[3/1] y=0[3/4,4/1]"),
        of(new Copy(x.slice(1, 1, 3), t(DType.F8_E4M3, 2, 2)), "gatun_copy x=0[2/4,2/1] y=5[2/2,2/1]"),
        of(new Quantize(t(F32, 1, 2, 32), t(DType.Q8_0, 1, 2, 32)), "gatun_quantize x=0[1/64,2/32,32/1] y=7[1/64,2/32,32/1]"),
        of(new Dequantize(t(DType.MXFP4, 1, 1, 2, 32), t(F32, 1, 1, 2, 32)),
            "gatun_dequantize x=18[1/64,1/64,2/32,32/1] y=0[1/64,1/64,2/32,32/1]"),
        of(new Argmax(x, t(I32, 2)), "gatun_argmax " + x1 + " y=4[2/1]"),
        of(new TopK(x, t(F32, 2, 3), t(I32, 2, 3)), "gatun_top_k " + x1 + " values=0[2/3,3/1] indices=4[2/3,3/1]"),
        of(new Penalize(x, t(I32, 2, 7), t(I32, 2), t(F32, 2, 3), t(F32, 2, 4)),
            "gatun_penalize " + x1 + " history=4[2/7,7/1] lengths=4[2/1] penalties=0[2/3,3/1] y=0[2/4,4/1]"),
        of(new Sample(x, t(F32, 2, 4), t(I32, 2, 3), t(I32, 2), t(I32, 2)),
            "gatun_sample " + x1 + " controls=0[2/4,4/1] seeds=4[2/3,3/1] positions=4[2/1] ids=4[2/1]")));
    list.addAll(ropes());
    list.addAll(attentions());
    list.addAll(counted());
    return list;
  }

  private static List<Arguments> ropes() {
    Tensor heads = t(F32, 2, 3, 8);
    Tensor positions = t(I32, 2);
    String before = "gatun_rope x=0[2/24,3/8,8/1] positions=4[2/1] factors=";
    String after = " y=0[2/24,3/8,8/1]";
    Rotation plain = new Rotation(Rotation.Pairs.INTERLEAVED, 4, 10000);
    Rotation linear = new Rotation(Rotation.Pairs.HALF_SPLIT, 8, 10000, new Rotation.Scaling.Linear(4), 1.5);
    Rotation llama = new Rotation(Rotation.Pairs.INTERLEAVED, 8, 500000, new Rotation.Scaling.Llama3(8, 1, 4, 8192), 1);
    Rotation yarn = new Rotation(Rotation.Pairs.HALF_SPLIT, 8, 10000, new Rotation.Scaling.Yarn(Math.E, 4096, 2, 32, 1), 1);
    // Frequencies 1 and 10000^(-1/2); a linear scaling divides the first and 10000^(-3/4) by 4; YaRN's amplitude is 2 (1 + 0.1 ln e).
    return List.of(
        of(new Rope(heads, positions, Optional.empty(), plain, heads), before
            + "none pairs=0 dims=4 base=10000 magnitude=1 scaling=0 factor=0 low=0 high=0"
            + " attention=0 fast=0 slow=0 context=0 amplitude=1.0000 frequencies=1.000000..0.010000" + after),
        of(new Rope(heads, positions, Optional.of(t(F32, 4)), linear, heads), before
            + "0[4/1] pairs=1 dims=8 base=10000 magnitude=1.5 scaling=1 factor=4"
            + " low=0 high=0 attention=0 fast=0 slow=0 context=0 amplitude=1.5000 frequencies=0.250000..0.000250" + after),
        of(new Rope(heads, positions, Optional.empty(), llama, heads), before
            + "none pairs=0 dims=8 base=500000 magnitude=1 scaling=2 factor=8 low=1 high=4"
            + " attention=0 fast=0 slow=0 context=8192 amplitude=1.0000 frequencies=1.000000..0.000007" + after),
        of(new Rope(heads, positions, Optional.empty(), yarn, heads), before
            + "none pairs=1 dims=8 base=10000 magnitude=1 scaling=3 factor=2.71828 low=0"
            + " high=0 attention=2 fast=32 slow=1 context=4096 amplitude=2.2000 frequencies=1.000000..0.000368" + after));
  }

  private static List<Arguments> attentions() {
    Tensor q = t(F32, 3, 4, 8);
    Tensor k = t(DType.F16, 9, 2, 8);
    Tensor starts = t(I32, 3);
    Tensor two = t(I32, 2);
    Tensor three = t(I32, 3);
    Ragged batch = new Ragged(starts, two.withCount(t(I32, 1)), three);
    Tensor count = t(I32, 1);
    Tensor value = t(F32, 3, 4, 16);
    // Two heads of 4 tokens of 8 + 16 elements of 2 bytes a page, 6 pages a layer.
    String pages = " cache=1 layers=3 heads=2 key=8 value=16 tokens=4 pages=6 slots=5 slot_tokens=10 slot_pages=3"
        + " layer=2 bytes=16,32,192,384,2304";
    String sequences = " starts=4[3/1] slots=4[2/1]varies positions=4[3/1]";
    return List.of(of(new KvAppend(t(F32, 3, 2, 8).withCount(count), t(F32, 3, 2, 16), batch, cache, 2),
        "gatun_kv_append k=0[3/16,2/8,8/1]varies v=0[3/32,2/16,16/1]varies" + sequences + "varies" + pages),
        of(new Attention(q, new Kv.Paged(cache, 2), batch, new Attention.Options(1, false, 0, 0), Optional.empty(), value),
            "gatun_attention q=0[3/32,4/8,8/1]" + pages + sequences
                + " scale=1 causal=0 window=0 softcap=0 sinks=none y=0[3/64,4/16,16/1]"),
        of(new Attention(q, new Kv.Dense(k, k, starts), batch, new Attention.Options(0.25f, true, 7, 50), Optional.of(t(F32, 4)), q),
        "gatun_attention q=0[3/32,4/8,8/1] k=1[9/16,2/8,8/1] v=1[9/16,2/8,8/1] key_starts=4[3/1] cache=none starts=4[3/1]"
            + " slots=4[2/1]varies"
            + " positions=4[3/1] scale=0.25 causal=1 window=7 softcap=50 sinks=0[4/1] y=0[3/32,4/8,8/1]"));
  }

  private static List<Arguments> counted() {
    Tensor count = t(I32, 1);
    Tensor x = t(F32, 2, 4);
    Tensor ids = t(I32, 2);
    return List.of(
        of(new Add(x, x, t(F32, 2, 4).withCount(count)), "gatun_add a=0[2/4,4/1]varies b=0[2/4,4/1]varies y=0[2/4,4/1]varies"),
        of(new Mul(x.withCount(count), t(F32, 4), t(F32, 2, 4)), "gatun_mul a=0[2/4,4/1]varies b=0[4/1] y=0[2/4,4/1]varies"),
        of(new Embedding(ids.withCount(count), t(F32, 5, 4), x), "gatun_embedding ids=4[2/1]varies table=0[5/4,4/1] y=0[2/4,4/1]varies"),
        of(new GatherRows(t(F32, 9, 4), ids, x.withCount(count)), "gatun_gather_rows x=0[9/4,4/1] rows=4[2/1]varies y=0[2/4,4/1]varies"));
  }

  @ParameterizedTest
  @MethodSource("operators")
  void everyArgumentArrivesAsItIs(Operator operator, String said) {
    assertThat(backend.plan(operator)).isEqualTo(new Unsupported(said));
  }

  @Test
  void everyPrototypeHasTheParametersThatJavaPasses() throws IOException {
    Matcher prototypes = Pattern.compile("GATUN_EXPORT int (gatun_\\w+)\\(([^)]*stream[^)]*)\\);").matcher(HeaderTest.header());
    List<String> declared = prototypes.results().filter(p -> !p.group(1).startsWith("gatun_stream_"))
        .map(p -> p.group(1) + " " + Arrays.stream(p.group(2).split(",")).map(LaunchArgumentsTest::letter).collect(Collectors.joining()))
            .sorted().toList();
    List<String> passed;
    try (Arena arena = Arena.ofConfined()) {
      passed = operators().stream().map(arguments -> (Operator) arguments.get()[0])
          .map(operator -> Launch.function(operator) + " " + Launch.of(operator, Places.NOWHERE, arena).shape()).distinct().sorted()
          .toList();
    }
    assertThat(declared).isEqualTo(passed).hasSize(Operator.class.getPermittedSubclasses().length - Launch.LEFT_OUT.size());
  }

  private static String letter(String parameter) {
    return parameter.contains("*") ? "L" : parameter.contains("float") ? "F" : parameter.contains("int32_t") ? "I" : "?";
  }
}

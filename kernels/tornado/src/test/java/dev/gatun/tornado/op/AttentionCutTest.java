package dev.gatun.tornado.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gatun.Attention;
import dev.gatun.DType;
import dev.gatun.Kv;
import dev.gatun.Ragged;
import dev.gatun.Tensor;
import dev.gatun.tornado.kernel.AnyAttention;
import dev.gatun.tornado.kernel.TileAttention;
import java.lang.foreign.Arena;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How attention is cut follows from the bounds of its sizes and from the device. */
class AttentionCutTest {
  private static final Traits GPU = new Traits(128, 128, 64 << 10, false);
  private static final Traits CPU = new Traits(2, 16, 256 << 10, true);

  private static Attention attention(int tokens, int sequences, int keys, int heads, int group, int size) {
    Kv kv = new Kv.Dense(host(DType.F16, keys, heads, size), host(DType.F16, keys, heads, size), host(DType.I32, sequences + 1));
    Ragged batch = new Ragged(host(DType.I32, sequences + 1), host(DType.I32, sequences), host(DType.I32, tokens));
    return new Attention(host(DType.F32, tokens, heads * group, size), kv, batch, Attention.Options.causal(1), Optional.empty(),
        host(DType.F32, tokens, heads * group, size));
  }

  private static Tensor host(DType type, long... shape) {
    long elements = 1;
    for (long n : shape) {
      elements *= n;
    }
    return Tensor.ofHost(Arena.ofAuto().allocate(Math.max(1, type.bytes(elements)), Long.BYTES), type, shape);
  }

  @Test
  void aLongContextOfOneTokenIsCutIntoRangesThatFillTheDevice() {
    Attention o = attention(1, 1, 8192, 8, 4, 64);
    AttentionCut cut = AttentionCut.of(o, GPU);
    assertThat(cut.ranges()).isGreaterThan(1).isLessThanOrEqualTo(64);
    assertThat((long) cut.ranges() * cut.positions()).as("positions of all ranges").isGreaterThanOrEqualTo(8192);
    assertThat(cut.positions() % cut.keys()).as("positions past the last whole tile of a range").isZero();
    assertThat(cut.groups(o)).isGreaterThanOrEqualTo(GPU.units());
    assertThat(cut.workspaceBytes(o)).isGreaterThanOrEqualTo(32L * cut.ranges() * 64 * Float.BYTES);
    assertThat(cut.rejected()).anyMatch(reason -> reason.startsWith("tiles of several tokens"));
  }

  @Test
  void aDeviceOfFewUnitsReadsTheContextInOnePiece() {
    AttentionCut cut = AttentionCut.of(attention(1, 1, 8192, 8, 4, 64), CPU);
    assertThat(cut.ranges()).isEqualTo(1);
    assertThat(cut.rejected()).anyMatch(reason -> reason.startsWith("ranges of positions"));
  }

  @Test
  void manyTokensOfASequenceShareTheirKeys() {
    Attention o = attention(256, 1, 256, 8, 4, 64);
    AttentionCut cut = AttentionCut.of(o, GPU);
    assertThat(cut.tokens() * cut.heads()).isEqualTo(TileAttention.Size.LARGE.mostRows());
    assertThat(cut.ranges()).isEqualTo(1);
    assertThat(cut.groups(o)).isEqualTo(256 / cut.tokens() * 8);
  }

  @Test
  void moreQueryHeadsThanATileHasRowsAreSeveralTiles() {
    Attention o = attention(1, 1, 100, 1, 37, 64);
    AttentionCut cut = AttentionCut.of(o, CPU);
    assertThat(cut.heads() * cut.headTiles(o)).isGreaterThanOrEqualTo(37);
  }

  @ParameterizedTest
  @CsvSource({"49152, 512", "32768, 256"})
  void tilesFitTheLocalMemoryOfEveryHeadSizeThatTheyServe(int localBytes, int most) {
    TileAttention.Size form = localBytes < 48 << 10 ? TileAttention.Size.SMALL : TileAttention.Size.LARGE;
    for (int size = 1; size <= AnyAttention.MOST_SIZE; size++) {
      AttentionCut cut = AttentionCut.of(attention(40, 1, 3, 1, 2, size), gpu(localBytes));
      int width = AttentionCut.width(size);
      assertThat(cut.kernel().localBytes()).as("local memory for heads of %d", size).isLessThanOrEqualTo(localBytes);
      assertThat(cut.tiles()).as("tiles for heads of %d", size).isEqualTo(size <= most);
      if (cut.tiles()) {
        int rows = Math.ceilDiv(cut.tokens() * cut.heads(), 4) * 4;
        assertThat(rows).as("rows of %d", size).isLessThanOrEqualTo(form.mostRows());
        assertThat(rows * width).as("elements of rows of %d", size).isLessThanOrEqualTo(form.rowElements());
        assertThat(cut.keys() * width).as("elements of keys of %d", size).isLessThanOrEqualTo(form.keyElements());
        assertThat(cut.keys()).as("keys of %d at a time", size).isBetween(1, form.mostKeys());
        assertThat((cut.keys() + 1) * width).as("elements of keys of %d, with one between rows", size).isLessThanOrEqualTo(form.tileElements());
      } else {
        assertThat(cut.rejected()).anyMatch(reason -> reason.contains("do not fit local memory"));
      }
    }
  }

  @Test
  void withoutLocalMemoryForTilesAGroupTakesATokenAndHead() {
    AttentionCut cut = AttentionCut.of(attention(40, 1, 40, 1, 2, 64), gpu(16 << 10));
    assertThat(cut.kernel()).isEqualTo(AnyAttention.DENSE);
    assertThat(cut.rejected()).anyMatch(reason -> reason.contains("the device has 16384"));
  }

  private static Traits gpu(int localBytes) {
    return new Traits(8, 64, localBytes, false);
  }
}

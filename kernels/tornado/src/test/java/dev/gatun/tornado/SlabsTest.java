package dev.gatun.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DeviceException;
import dev.gatun.tornado.kernel.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Buffers cut from slabs. */
class SlabsTest {
  private static final long SLAB = (64L << 20) - Slab.RESERVED;

  private final TornadoDevice device = TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
  private final Slabs slabs = new Slabs(device);

  @AfterEach
  void close() {
    slabs.close();
  }

  @Test
  void everyBufferIsAlignedAndLeavesTheStartOfItsSlab() {
    for (int bytes : new int[] {1, 255, 256, 257, 4099}) {
      TornadoMemory memory = slabs.allocate(bytes);
      assertThat(memory.bytes()).isEqualTo(bytes);
      assertThat(memory.place(0).offset() % Slabs.ALIGNMENT).isZero();
      assertThat(memory.place(0).offset()).isGreaterThanOrEqualTo(Slab.RESERVED);
    }
  }

  @Test
  void theFirstGapThatFitsIsTaken() {
    TornadoMemory small = slabs.allocate(300);
    slabs.allocate(1);
    TornadoMemory large = slabs.allocate(5000);
    slabs.allocate(1);
    small.free();
    large.free();
    assertThat(slabs.allocate(512).place(0)).isEqualTo(small.place(0));
    assertThat(slabs.allocate(513).place(0)).isEqualTo(large.place(0));
  }

  @Test
  void freedNeighboursJoinInAnyOrder() {
    for (int[] order : new int[][] {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {0, 2, 1}}) {
      List<TornadoMemory> three = List.of(slabs.allocate(256), slabs.allocate(256), slabs.allocate(256));
      slabs.allocate(1);
      Place start = three.getFirst().place(0);
      for (int i : order) {
        three.get(i).free();
      }
      assertThat(slabs.allocate(768).place(0)).isEqualTo(start);
    }
  }

  @Test
  void anotherSlabIsMadeWhenNoneHasRoom() {
    TornadoMemory all = slabs.allocate(SLAB);
    TornadoMemory other = slabs.allocate(1);
    assertThat(other.place(0).slab()).isNotEqualTo(all.place(0).slab());
    all.free();
    assertThat(slabs.allocate(SLAB).place(0)).isEqualTo(all.place(0));
  }

  @Test
  void aBufferLargerThanAnySlabIsRefusedWithItsLimit() {
    assertThatThrownBy(() -> slabs.allocate(3L << 30)).isInstanceOf(DeviceException.class).hasMessageContaining("holds at most").hasMessageContaining("split it");
  }

  @Test
  void noTwoBuffersShareAByte() {
    Random random = new Random(7);
    List<TornadoMemory> held = new ArrayList<>();
    for (int step = 0; step < 2000; step++) {
      if (held.size() > 40 || !held.isEmpty() && random.nextInt(3) == 0) {
        held.remove(random.nextInt(held.size())).free();
      } else {
        TornadoMemory made = slabs.allocate(1 + random.nextInt(20_000));
        for (TornadoMemory other : held) {
          boolean apart = made.place(0).slab() != other.place(0).slab() || made.place(0).offset() >= other.place(0).offset() + other.bytes()
              || other.place(0).offset() >= made.place(0).offset() + made.bytes();
          assertThat(apart).isTrue();
        }
        held.add(made);
      }
    }
    Place first = new Place(0, Slab.RESERVED);
    held.forEach(TornadoMemory::free);
    assertThat(slabs.allocate(SLAB).place(0)).isEqualTo(first);
  }

  @Test
  void aDeviceThatIsOpenedAgainGetsTheSlabsItHad() {
    slabs.allocate(1);
    Slab had = slabs.slab(0);
    slabs.close();
    Slabs again = new Slabs(device);
    again.allocate(1);
    assertThat(again.slab(0)).isSameAs(had);
    again.close();
  }
}

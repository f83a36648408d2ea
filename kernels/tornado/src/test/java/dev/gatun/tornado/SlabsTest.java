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

/** Buffers cut from slabs. */
class SlabsTest {
  private static final long SLAB = (64L << 20) - Slab.RESERVED;

  private final TornadoDevice device = TestDevice.here();
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
  void moreThanTheDeviceHasIsRefusedWithWhatIsTaken() {
    slabs.allocate(1);
    long taken = Pool.of(device).bytes();
    try (Slabs full = new Slabs(device, taken + 4096, bytes -> new Slab(device, bytes))) {
      List<TornadoMemory> held = new ArrayList<>();
      assertThatThrownBy(() -> {
        for (int i = 0; i < 100; i++) {
          held.add(full.allocate(SLAB));
        }
      }).isInstanceOf(DeviceException.class).hasMessageContaining("has " + (taken + 4096) + " bytes of memory, of which").hasMessageContaining(" are taken; free buffers");
    }
  }

  @Test
  void aDeviceWithoutRoomToGrowIsAskedForWhatIsNeeded() {
    List<Long> asked = new ArrayList<>();
    long needed = SLAB + Slab.RESERVED;
    try (Slabs tight = new Slabs(device, 0, bytes -> {
      asked.add(bytes);
      if (bytes > needed) {
        throw new DeviceException("tornado: no memory", "", false);
      }
      return new Slab(device, bytes);
    })) {
      for (int i = 0; i < 20 && asked.stream().noneMatch(bytes -> bytes > needed); i++) {
        tight.allocate(SLAB);
      }
    }
    assertThat(asked.getLast()).isEqualTo(needed);
    assertThat(asked.get(asked.size() - 2)).isGreaterThan(needed);
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
    long had = Pool.of(device).bytes();
    slabs.close();
    Slabs again = new Slabs(device);
    again.allocate(1);
    assertThat(Pool.of(device).bytes()).isEqualTo(had);
    again.close();
  }
}

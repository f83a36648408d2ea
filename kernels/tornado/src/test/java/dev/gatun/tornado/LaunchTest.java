package dev.gatun.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.DeviceException;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Kernel;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Move;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A kernel that did not run is an error that names it, whatever the driver says or keeps to itself. */
class LaunchTest {
  private static final int WORDS = 64;

  /** Runs, but does not say so: to the host it is as one that was not launched. */
  private static final Kernel SILENT = new Kernel("silent", (g, id, a) -> g.task(id, LaunchTest::silent, a.context(), a.at(), a.integers(), a.ints(0)));

  private Machine machine;
  private TornadoMemory from;
  private TornadoMemory to;

  private static void silent(KernelContext c, IntArray at, IntArray p, IntArray y) {
    y.set(p.get(at.get(0)), c.globalIdx);
  }

  @BeforeEach
  void open() {
    machine = new Machine(TestDevice.here());
    from = machine.allocate(WORDS * Integer.BYTES);
    to = machine.allocate(WORDS * Integer.BYTES);
  }

  @AfterEach
  void close() {
    machine.close();
  }

  private List<Launch> move(int local) {
    return List.of(Launch.of(Move.WORDS).integers(WORDS, from.place(0).index(Integer.BYTES), to.place(0).index(Integer.BYTES)).memory(from.place(0))
        .memory(to.place(0)).over(Grid.items(WORDS, local)));
  }

  private void fill(TornadoMemory memory, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment words = arena.allocate(memory.bytes(), Integer.BYTES);
      for (int i = 0; i < WORDS; i++) {
        words.setAtIndex(ValueLayout.JAVA_INT, i, value + i);
      }
      machine.copy(new DeviceMemory.Host(words), 0, memory, 0, memory.bytes());
    }
  }

  private int[] words(TornadoMemory memory) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment words = arena.allocate(memory.bytes(), Integer.BYTES);
      machine.copy(memory, 0, new DeviceMemory.Host(words), 0, memory.bytes());
      return words.toArray(ValueLayout.JAVA_INT);
    }
  }

  @Test
  void aLaunchThatTheDriverRefusesIsAnErrorThatNamesTheKernelAndTheGraphIsNotUsedAgain() {
    fill(from, 100);
    fill(to, 5000);
    List<Launch> launches = move(8);
    Graph graph = machine.graph(launches);
    machine.run(graph, () -> "a copy");
    assertThat(words(to)).startsWith(100, 101).endsWith(163);
    fill(from, 300);
    graph.grid(0).setLocalWork(3, 1, 1);
    assertThatThrownBy(() -> machine.run(graph, () -> "program of move_words")).isInstanceOf(DeviceException.class).hasMessageContaining("move_words")
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    assertThat(graph.failed()).isTrue();
    assertThat(words(to)).startsWith(100, 101);
    machine.giveBack(graph, launches);
    Graph next = machine.graph(launches);
    assertThat(next).isNotSameAs(graph);
    machine.run(next, () -> "a copy");
    assertThat(words(to)).startsWith(300, 301).endsWith(363);
  }

  @Test
  void aKernelThatLeavesNoMarkDidNotRun() {
    List<Launch> launches = List.of(move(8).getFirst(), Launch.of(SILENT).integers(0).memory(to.place(0)).over(Grid.items(1, 1)));
    Graph graph = machine.graph(launches);
    assertThatThrownBy(() -> machine.run(graph, () -> "program two")).isInstanceOf(DeviceException.class).hasMessageContaining("program two failed on")
        .hasMessageContaining(": silent did not run").satisfies(e -> assertThat(e.getMessage()).doesNotContain("move_words"));
  }

  @Test
  void aGroupLargerThanTheDeviceHasIsRefusedBeforeTornadoVmChoosesAnother() {
    assertThatThrownBy(() -> machine.graph(move(1 << 20))).isInstanceOf(DeviceException.class).hasMessageContaining("move_words wants work-groups of 1048576 items")
        .hasMessageContaining("at most " + Machine.mostItems(machine.device()));
  }

  @Test
  void whatIsMadeForADeviceServesItWhenItIsOpenedAgain() {
    Pool pool = Pool.of(machine.device());
    int made = 0;
    long bytes = 0;
    for (int round = 0; round < 4; round++) {
      fill(from, round);
      List<Launch> launches = move(8);
      Graph graph = machine.graph(launches);
      machine.run(graph, () -> "a copy");
      machine.giveBack(graph, launches);
      assertThat(words(to)).startsWith(round, round + 1).endsWith(round + WORDS - 1);
      assertThat(round == 0 || pool.made() == made && pool.bytes() == bytes).isTrue();
      made = pool.made();
      bytes = pool.bytes();
      close();
      open();
    }
  }
}

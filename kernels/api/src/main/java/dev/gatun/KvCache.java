package dev.gatun;

import dev.gatun.spi.DeviceCache;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * A paged cache of keys and values, owned: closed by its owner or with its backend. Each backend lays out the pages as it likes; which page holds
 * which positions of which slot is decided here, the same for all, and written to the device's block table in stream order.
 *
 * <p>A <em>slot</em> holds one sequence. {@link #reserve} gives it pages before a step appends to them. {@link #fork} shares a sequence's pages with
 * a new slot; a shared page is copied before it is written (copy on write). Not safe to share between threads.
 */
public final class KvCache implements AutoCloseable {
  /**
   * The geometry of a cache.
   *
   * @param layers layers
   * @param heads key/value heads
   * @param keySize elements of a key of one head
   * @param valueSize elements of a value of one head; 0 in a latent cache, whose values are the first elements of its keys
   * @param dtype how elements are kept: F32, F16, BF16, F8_E4M3, F8_E5M2 or Q8_0, as the backend serves
   * @param pageTokens positions in a page
   * @param pages pages there are, for all slots together
   * @param slots sequences there can be at a time
   * @param slotTokens the most positions of one sequence
   */
  public record Spec(int layers, int heads, int keySize, int valueSize, DType dtype, int pageTokens, int pages, int slots, int slotTokens) {
    private static final long MOST_TABLE_ENTRIES = 1L << 24;

    /** Checks the numbers. @throws ShapeException where they make no cache */
    public Spec {
      new Require("kv_cache").that(
          layers > 0 && heads > 0 && keySize > 0 && valueSize >= 0 && pageTokens > 0 && pages > 0 && slots > 0 && slotTokens > 0,
          "every size must be positive");
      new Require("kv_cache").that(valueSize > 0 || heads == 1, "a latent cache has one row for all heads, not " + heads);
      long table = (long) slots * Math.ceilDiv(slotTokens, pageTokens);
      new Require("kv_cache").that(table <= MOST_TABLE_ENTRIES, "a block table of " + slots + " slots for " + slotTokens + " positions each has "
          + table + " entries; the most is " + MOST_TABLE_ENTRIES);
      new Require("kv_cache").that(pages <= MOST_TABLE_ENTRIES, pages + " pages are more than " + MOST_TABLE_ENTRIES
          + "; make them of more than " + pageTokens + " positions");
      BigInteger bytes = BigInteger.valueOf(bytesPerTokenAndLayer(heads, keySize, valueSize, dtype)).multiply(BigInteger.valueOf(layers))
          .multiply(BigInteger.valueOf(pages)).multiply(BigInteger.valueOf(pageTokens));
      new Require("kv_cache").that(bytes.bitLength() < Long.SIZE, "its pages would take " + bytes + " bytes");
    }

    /**
     * The geometry of a latent cache, which {@link MlaAttention} reads: one row {@code [c | r]} per position and layer, and nothing for values, which are made of c too.
     *
     * @param layers layers
     * @param rank elements of c
     * @param ropeSize elements of r, the rotated part of the key
     * @param dtype how elements are kept; a block type only where {@code rank} and {@code rank + ropeSize} are whole blocks
     * @param pageTokens positions in a page
     * @param pages pages there are, for all slots together
     * @param slots sequences there can be at a time
     * @param slotTokens the most positions of one sequence
     */
    public static Spec latent(int layers, int rank, int ropeSize, DType dtype, int pageTokens, int pages, int slots, int slotTokens) {
      Require require = new Require("kv_cache");
      require.that(rank > 0 && ropeSize > 0, "a latent row needs both parts, not " + rank + " and " + ropeSize + " elements");
      require.that(rank % dtype.blockSize() == 0 && ropeSize % dtype.blockSize() == 0, "latent rows of " + rank + " and " + ropeSize + " elements are no whole blocks of "
          + dtype.blockSize() + " of " + dtype + "; keep them as F16 or BF16");
      return new Spec(layers, 1, rank + ropeSize, 0, dtype, pageTokens, pages, slots, slotTokens);
    }

    /** Whether there is one latent row per position in place of keys and values. */
    public boolean isLatent() {
      return valueSize == 0;
    }

    /** The most pages of one slot. */
    public int slotPages() {
      return Math.ceilDiv(slotTokens, pageTokens);
    }

    /** Bytes of all pages of all layers, without the backend's padding. */
    public long bytes() {
      return (long) layers * pages * pageTokens * bytesPerTokenAndLayer();
    }

    /** Bytes that one position takes in one layer. */
    public long bytesPerTokenAndLayer() {
      return bytesPerTokenAndLayer(heads, keySize, valueSize, dtype);
    }

    private static long bytesPerTokenAndLayer(int heads, int keySize, int valueSize, DType dtype) {
      return (long) heads * ((long) Math.ceilDiv(keySize, dtype.blockSize()) + Math.ceilDiv(valueSize, dtype.blockSize())) * dtype.blockBytes();
    }

    /** What decides an operator's plan, as case lines write it. */
    String geometry() {
      return dtype.label() + "[" + heads + "," + keySize + (valueSize == keySize ? "" : "/" + valueSize) + "]x" + pageTokens + "x" + slotTokens;
    }
  }

  /** Which half of the cache {@link #read} looks at. */
  public enum Part {
    /** Keys. */
    KEY,
    /** Values. */
    VALUE
  }

  private static final int NO_PAGE = -1;

  private final Backend backend;
  private final Spec spec;
  private final DeviceCache device;
  private final int[] references;
  private final Deque<Integer> freePages = new ArrayDeque<>();
  private final int[][] tables;
  private final int[] lengths;
  private final boolean[] open;
  private final Holds holds = new Holds();
  private final Taking taking = new Taking();

  /** The taking of pages, kept, so that a sequence that grows makes no objects. */
  private final class Taking implements Runnable {
    private Stream stream;
    private int slot;
    private int first;
    private int last;

    @Override
    public void run() {
      take(stream, slot, first, last);
    }
  }

  KvCache(Backend backend, Spec spec, DeviceCache device) {
    this.backend = backend;
    this.spec = spec;
    this.device = device;
    this.references = new int[spec.pages()];
    for (int page = 0; page < spec.pages(); page++) {
      freePages.add(page);
    }
    this.tables = new int[spec.slots()][spec.slotPages()];
    for (int[] table : tables) {
      Arrays.fill(table, NO_PAGE);
    }
    this.lengths = new int[spec.slots()];
    this.open = new boolean[spec.slots()];
  }

  Backend backend() {
    return backend;
  }

  /** The geometry. */
  public Spec spec() {
    return spec;
  }

  /** The backend's side of this cache. @throws ClosedException once closed */
  public DeviceCache device() {
    checkOpen();
    return device;
  }

  /** Pages that no slot holds. */
  public int freePages() {
    return freePages.size();
  }

  /** Takes a free slot for a new, empty sequence. @throws GatunException if all are taken */
  public int open() {
    checkOpen();
    for (int slot = 0; slot < open.length; slot++) {
      if (!open[slot]) {
        open[slot] = true;
        return slot;
      }
    }
    throw new GatunException("all " + spec.slots() + " slots of the cache are taken; release one or make the cache with more");
  }

  /** Positions reserved for a slot: the largest {@code to} so far. */
  public int length(int slot) {
    checkSlot(slot);
    return lengths[slot];
  }

  /**
   * Makes sure, after the stream's work so far, that {@code slot} has pages of its own for the positions {@code from} to {@code to} (exclusive), which
   * the next steps may then append to.
   *
   * @throws GatunException if the sequence would be longer than a slot may be, no page is free, or the stream is another backend's; nothing is
   *     changed then
   */
  public void reserve(Stream stream, int slot, int from, int to) {
    checkSlot(slot);
    checkStream("reserve", stream);
    if (from < 0 || from > to) {
      throw new ShapeException("reserve: no positions " + from + " to " + to);
    }
    if (to > spec.slotTokens()) {
      throw new GatunException("the sequence in slot " + slot + " would need " + to + " positions; the cache was made for " + spec.slotTokens());
    }
    if (from == to) {
      return;
    }
    int first = from / spec.pageTokens();
    int last = Math.ceilDiv(to, spec.pageTokens());
    int needed = 0;
    for (int i = 0; i < last; i++) {
      int page = tables[slot][i];
      if (page == NO_PAGE || i >= first && references[page] > 1) {
        needed++;
      }
    }
    if (needed > 0) {
      if (needed > freePages.size()) {
        throw new GatunException("the cache has " + freePages.size() + " free pages of " + spec.pageTokens() + " positions, slot " + slot + " needs "
            + needed + "; release sequences or make the cache with more pages");
      }
      taking.stream = stream;
      taking.slot = slot;
      taking.first = first;
      taking.last = last;
      stream.within("reserve", this, taking);
    }
    lengths[slot] = Math.max(lengths[slot], to);
  }

  private void take(Stream stream, int slot, int first, int last) {
    int[] table = tables[slot];
    for (int i = 0; i < last; i++) {
      int page = table[i];
      if (page == NO_PAGE || i >= first && references[page] > 1) {
        int fresh = freePages.element();
        if (page != NO_PAGE) {
          device.copyPage(stream.device(), page, fresh);
        }
        device.map(stream.device(), slot, i, fresh);
        freePages.remove();
        references[fresh] = 1;
        if (page != NO_PAGE) {
          references[page]--;
        }
        table[i] = fresh;
      }
    }
  }

  /** Takes a free slot for a sequence that starts as a copy of the one in {@code slot}; its pages are shared until one of them is written. */
  public int fork(Stream stream, int slot) {
    checkSlot(slot);
    checkStream("fork", stream);
    int copy = open();
    try {
      stream.within("fork", this, () -> {
        for (int i = 0; i < tables[slot].length; i++) {
          int page = tables[slot][i];
          if (page != NO_PAGE) {
            device.map(stream.device(), copy, i, page);
            references[page]++;
            tables[copy][i] = page;
          }
        }
      });
    } catch (RuntimeException e) {
      giveBack(stream, copy, e);
      throw e;
    }
    lengths[copy] = lengths[slot];
    return copy;
  }

  /** Frees a slot even where the device cannot be told: the next sequence in it maps every page it uses. */
  private void giveBack(Stream stream, int slot, RuntimeException cause) {
    try {
      truncate(stream, slot, 0);
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
      for (int i = 0; i < tables[slot].length; i++) {
        drop(slot, i);
      }
    }
    open[slot] = false;
  }

  private void drop(int slot, int index) {
    int page = tables[slot][index];
    if (page != NO_PAGE) {
      tables[slot][index] = NO_PAGE;
      if (--references[page] == 0) {
        freePages.add(page);
      }
    }
  }

  /** Forgets the positions of a slot from {@code length} on and frees the pages that held nothing else. */
  public void truncate(Stream stream, int slot, int length) {
    checkSlot(slot);
    checkStream("truncate", stream);
    if (length < 0) {
      throw new ShapeException("truncate: negative length " + length);
    }
    stream.within("truncate", this, () -> {
      for (int i = Math.ceilDiv(length, spec.pageTokens()); i < tables[slot].length; i++) {
        if (tables[slot][i] != NO_PAGE) {
          device.map(stream.device(), slot, i, NO_PAGE);
          drop(slot, i);
        }
      }
    });
    lengths[slot] = Math.min(lengths[slot], length);
  }

  /** Ends the sequence in a slot: its pages and the slot are free again. */
  public void release(Stream stream, int slot) {
    truncate(stream, slot, 0);
    open[slot] = false;
  }

  /**
   * For tests and inspection: waits for the stream and returns one head's key or value at a position, converted to F32; a latent row is a key, beside a value of
   * no elements.
   *
   * @throws ShapeException if the position has no page
   */
  public float[] read(Stream stream, int slot, int layer, Part part, int position, int head) {
    checkSlot(slot);
    checkStream("read", stream);
    if (layer < 0 || layer >= spec.layers() || head < 0 || head >= spec.heads() || position < 0 || position >= spec.slotTokens()) {
      throw new ShapeException("read: no layer " + layer + ", head " + head + ", position " + position + " in " + spec);
    }
    int page = tables[slot][position / spec.pageTokens()];
    if (page == NO_PAGE) {
      throw new ShapeException("read: position " + position + " of slot " + slot + " has no page");
    }
    stream.synchronize();
    float[] values = new float[part == Part.KEY ? spec.keySize() : spec.valueSize()];
    if (values.length == 0) {
      return values;
    }
    stream.within("read", this, () -> device.read(stream.device(), layer, page, part, position % spec.pageTokens(), head, values));
    return values;
  }

  /**
   * For tests: fills every page that no slot holds with NaN, to show stray reads. Block-table entries without a page need nothing: they are −1 at all
   * times.
   */
  public void poison(Stream stream) {
    checkOpen();
    checkStream("poison", stream);
    stream.within("poison", this, () -> freePages.forEach(page -> device.poison(stream.device(), page)));
  }

  void checkOpen() {
    if (holds.isClosed()) {
      throw closedAlready();
    }
  }

  private static ClosedException closedAlready() {
    return new ClosedException("a key/value cache is used after it was closed");
  }

  private void checkStream(String call, Stream stream) {
    if (stream.backend() != backend) {
      throw new GatunException("KvCache." + call + ": the stream belongs to another backend, " + stream.backend().name()
          + ", than the cache, which is of " + backend.name());
    }
  }

  /** Marks the cache as used by work in flight; every call is paired with one {@link #letGo()}. */
  void hold() {
    if (!holds.take()) {
      throw closedAlready();
    }
  }

  void letGo() {
    holds.release();
  }

  private void checkSlot(int slot) {
    checkOpen();
    if (slot < 0 || slot >= open.length || !open[slot]) {
      throw new GatunException("slot " + slot + " holds no sequence");
    }
  }

  /** Frees the pages; a second call does nothing. @throws GatunException while work in flight uses it: synchronize its stream first */
  @Override
  public void close() {
    int before = holds.close();
    if (before > 0) {
      throw new GatunException("a key/value cache cannot be closed: it is used " + before
          + " times by work in flight; synchronize the streams that use it first");
    }
    if (before == 0) {
      backend.dispose(this, device::close);
    }
  }
}

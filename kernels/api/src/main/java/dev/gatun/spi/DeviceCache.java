package dev.gatun.spi;

import dev.gatun.KvCache;

/** A backend's key/value pages and block table {@code [slots, pages per slot]}; −1 in the table marks an entry without a page. */
public interface DeviceCache extends AutoCloseable {
  /** In stream order: block-table entry {@code index} of {@code slot} becomes {@code page}, or −1. */
  void map(DeviceStream stream, int slot, int index, int page);

  /** In stream order: copies a page of every layer. */
  void copyPage(DeviceStream stream, int from, int to);

  /** In stream order: fills a page of every layer with NaN. */
  void poison(DeviceStream stream, int page);

  /** After the stream's work: one head's key or value at an offset in a page, converted to F32. */
  void read(DeviceStream stream, int layer, int page, KvCache.Part part, int offset, int head, float[] into);

  @Override
  void close();
}

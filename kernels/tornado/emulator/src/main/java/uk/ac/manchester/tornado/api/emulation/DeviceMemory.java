package uk.ac.manchester.tornado.api.emulation;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.Map;
import uk.ac.manchester.tornado.api.exceptions.TornadoMemoryException;
import uk.ac.manchester.tornado.api.exceptions.TornadoOutOfMemoryException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * What one task graph has on the device: for each array object a storage of its own, header included, until the array is mapped onto the
 * storage of another. Fresh storage is filled with bytes of {@code 0xA5}.
 */
public final class DeviceMemory {
  private static final byte GARBAGE = (byte) 0xA5;

  private final Map<TornadoNativeArray, Place> places = new IdentityHashMap<>();

  private static final class Place {
    private final TornadoNativeArray onDevice;
    private final MemorySegment storage;
    private boolean uploaded;

    private Place(TornadoNativeArray array, MemorySegment storage, boolean uploaded) {
      this.onDevice = DeviceViews.of(array, storage);
      this.storage = storage;
      this.uploaded = uploaded;
    }
  }

  /** The array as a kernel sees it; allocated when it is not. */
  public synchronized TornadoNativeArray onDevice(TornadoNativeArray array) {
    return place(array).onDevice;
  }

  /**
   * Copies the whole array, header included, to the start of its storage; where {@code again} is false, only if that was not done before.
   */
  public synchronized void upload(TornadoNativeArray array, boolean again) {
    Place place = place(array);
    if (again || !place.uploaded) {
      MemorySegment host = array.getSegmentWithHeader();
      long bytes = Math.min(host.byteSize(), place.storage.byteSize());
      MemorySegment.copy(host, 0, place.storage, 0, bytes);
      place.uploaded = true;
    }
  }

  /** Copies the elements back from the storage, as many as the array has; false where it has no storage here. */
  public synchronized boolean download(TornadoNativeArray array) {
    Place place = places.get(array);
    if (place != null) {
      MemorySegment host = array.getSegment();
      MemorySegment.copy(place.storage, TornadoNativeArray.ARRAY_HEADER, host, 0,
          Math.min(host.byteSize(), place.storage.byteSize() - TornadoNativeArray.ARRAY_HEADER));
    }
    return place != null;
  }

  /** From now on {@code array}'s storage is that of {@code source} in {@code from}; what was uploaded stays so. */
  public void map(TornadoNativeArray array, DeviceMemory from, TornadoNativeArray source) {
    MemorySegment storage = from.storage(source);
    synchronized (this) {
      places.put(array, new Place(array, storage, place(array).uploaded));
    }
  }

  private synchronized MemorySegment storage(TornadoNativeArray array) {
    Place place = places.get(array);
    if (place == null) {
      throw new TornadoMemoryException("mapOnDeviceMemoryRegion finds no storage of the source; execute its graph first");
    }
    return place.storage;
  }

  /** The bytes of the storages, each counted once for every array over it. */
  public synchronized long bytes() {
    return places.values().stream().mapToLong(place -> place.storage.byteSize()).sum();
  }

  /** Forgets every storage. */
  public synchronized void free() {
    places.clear();
  }

  private Place place(TornadoNativeArray array) {
    return places.computeIfAbsent(array, a -> new Place(a, allocate(a.getNumBytesOfSegmentWithHeader()), false));
  }

  private static MemorySegment allocate(long bytes) {
    if (bytes > EmulatedDevice.MAX_ALLOCATION) {
      throw new TornadoOutOfMemoryException("an array of " + bytes + " bytes is more than the " + EmulatedDevice.MAX_ALLOCATION
          + " that the device allocates at once");
    }
    return Arena.ofAuto().allocate(bytes, Long.BYTES).fill(GARBAGE);
  }
}

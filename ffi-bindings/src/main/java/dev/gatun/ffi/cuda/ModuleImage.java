package dev.gatun.ffi.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The bytes of a module image as the driver takes them: an address without a size. So text gets the NUL that ends it, and a fatbin whose
 * header promises more bytes than there are is refused before the driver reads past the end.
 */
final class ModuleImage {
  private static final int ELF = 0x464c457f;
  private static final int FATBIN = 0xba55ed50;
  private static final int FATBIN_HEADER_BYTES = 16;

  private ModuleImage() {}

  static MemorySegment loadable(MemorySegment image, Arena arena) {
    if (image.byteSize() == 0) {
      throw new IllegalArgumentException("the module image is empty");
    }
    int magic = image.byteSize() < Integer.BYTES ? 0 : image.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (magic == FATBIN) {
      long promised = image.byteSize() < FATBIN_HEADER_BYTES ? FATBIN_HEADER_BYTES
          : image.get(ValueLayout.JAVA_SHORT_UNALIGNED, 6) + image.get(ValueLayout.JAVA_LONG_UNALIGNED, 8);
      if (promised < FATBIN_HEADER_BYTES || promised > image.byteSize()) {
        throw new IllegalArgumentException("the fatbin is cut short: its header promises " + promised + " bytes, the image has " + image.byteSize());
      }
    }
    boolean isBinary = magic == FATBIN || magic == ELF;
    if (isBinary && image.isNative() && image.address() % Long.BYTES == 0) {
      return image;
    }
    return arena.allocate(image.byteSize() + 1, 64).copyFrom(image);
  }
}

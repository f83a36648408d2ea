package dev.gatun.c;

import dev.gatun.Buffer;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Storage;
import dev.gatun.Tensor;
import java.util.Map;

/** Where the tensors and caches of launches lie. */
interface Places {
  /** Nothing has an address: a decision is asked for. */
  Places NOWHERE = new Places() {
    @Override
    public long address(Tensor tensor) {
      return 0;
    }

    @Override
    public long pages(KvCache cache) {
      return 0;
    }

    @Override
    public long table(KvCache cache) {
      return 0;
    }
  };

  /** The address of a tensor's first element. */
  long address(Tensor tensor);

  /** The address of a cache's pages. */
  long pages(KvCache cache);

  /** The address of a cache's block table. */
  long table(KvCache cache);

  /** Buffers where they lie, temporaries in a workspace. */
  record Real(long workspace, Map<Storage, Long> offsets) implements Places {
    @Override
    public long address(Tensor tensor) {
      long base = switch (tensor.storage()) {
        case Buffer buffer -> {
          if (buffer.host().filter(segment -> !segment.isNative()).isPresent()) {
            throw new GatunException(tensor
                + " is in an array on the Java heap, which has no address; put it in native memory, as an Arena gives it");
          }
          yield buffer.memory().address();
        }
        case Storage.Temporary temporary -> workspace + offsets.get(temporary);
        case Storage.Nowhere nowhere -> throw new IllegalStateException(tensor + " without storage reached the compiler");
      };
      return base + tensor.offset();
    }

    @Override
    public long pages(KvCache cache) {
      return ((CCache) cache.device()).pages();
    }

    @Override
    public long table(KvCache cache) {
      return ((CCache) cache.device()).table();
    }
  }
}

package dev.gatun.tornado.op;

import dev.gatun.tornado.kernel.Place;

/** Where a cache's memory lies. */
public interface CachePlaces {
  /** The first byte of a layer's pages. */
  Place pages(int layer);

  /** The first byte of the block table. */
  Place table();
}

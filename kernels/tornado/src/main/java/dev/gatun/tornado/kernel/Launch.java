package dev.gatun.tornado.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * A kernel with all it needs to run.
 *
 * @param kernel the kernel
 * @param grid the grid
 * @param integers what {@code p} holds for it
 * @param floats what {@code q} holds for it
 * @param places the memory of its operands
 */
public record Launch(Kernel kernel, Grid grid, List<Integer> integers, List<Float> floats, List<Place> places) {
  /** Copies the lists. */
  public Launch {
    integers = List.copyOf(integers);
    floats = List.copyOf(floats);
    places = List.copyOf(places);
  }

  /** Entries that it takes in the arrays of integers and floats. */
  public int entries() {
    return Math.max(1, Math.max(integers.size(), floats.size()));
  }

  /** A builder for a launch of {@code kernel}. */
  public static Builder of(Kernel kernel) {
    return new Builder(kernel);
  }

  /** Collects a launch's numbers and operands in the kernel's order. */
  public static final class Builder {
    private final Kernel kernel;
    private final List<Integer> integers = new ArrayList<>();
    private final List<Float> floats = new ArrayList<>();
    private final List<Place> places = new ArrayList<>();

    private Builder(Kernel kernel) {
      this.kernel = kernel;
    }

    /** Adds integers; each must fit an int. */
    public Builder integers(long... values) {
      for (long value : values) {
        integers.add(Math.toIntExact(value));
      }
      return this;
    }

    /** Adds floats. */
    public Builder floats(float... values) {
      for (float value : values) {
        floats.add(value);
      }
      return this;
    }

    /** Adds the memory of an operand. */
    public Builder memory(Place place) {
      places.add(place);
      return this;
    }

    /** The launch over a grid. */
    public Launch over(Grid grid) {
      return new Launch(kernel, grid, integers, floats, places);
    }
  }
}

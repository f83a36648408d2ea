package dev.gatun.architecture;

import java.util.List;
import java.util.Optional;

/** A room of the house: the packages under one name, and the rooms whose types its classes may use. */
enum Room {
  API("dev.gatun"),
  FFI("dev.gatun.ffi"),
  CPU("dev.gatun.cpu", API),
  C("dev.gatun.c", API),
  CUDA("dev.gatun.cuda", API, FFI),
  TORNADO("dev.gatun.tornado", API),
  TCK("dev.gatun.tck", API),
  DECODER("dev.gatun.decoder", API),
  BENCH("dev.gatun.bench", API, FFI, CPU, CUDA, TORNADO, TCK, DECODER);

  private final String root;
  private final List<Room> uses;

  Room(String root, Room... uses) {
    this.root = root;
    this.uses = List.of(uses);
  }

  boolean mayUse(Room other) {
    return other == this || uses.contains(other);
  }

  /** The room of a package; the API is what lies under {@code dev.gatun} and in no other room. Empty for packages of others. */
  static Optional<Room> ofPackage(String name) {
    for (Room room : values()) {
      if (room != API && within(name, room.root)) {
        return Optional.of(room);
      }
    }
    return within(name, API.root) ? Optional.of(API) : Optional.empty();
  }

  private static boolean within(String name, String root) {
    return name.equals(root) || name.startsWith(root + ".");
  }
}

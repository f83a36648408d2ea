package dev.gatun.architecture;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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
  COMMAND("dev.gatun.decoder.cli", API, DECODER, TCK),
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

  /** The room of a package: the innermost that it lies in, so that the API is what lies in no other. Empty for packages of others. */
  static Optional<Room> ofPackage(String name) {
    return Stream.of(values()).filter(room -> within(name, room.root)).max(Comparator.comparingInt(room -> room.root.length()));
  }

  private static boolean within(String name, String root) {
    return name.equals(root) || name.startsWith(root + ".");
  }
}

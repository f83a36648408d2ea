package dev.gatun.ffi.cuda;

import java.util.ArrayList;
import java.util.List;

/** The functions of one library that are called here, looked up once. A subclass declares each as a field. */
abstract class LibraryFunctions {
  private final DynamicLibrary library;
  private final String description;
  private final List<Entry> required = new ArrayList<>();
  private final List<Entry> optional = new ArrayList<>();

  /** {@code description} names the library and its version in the message of a function that it lacks. */
  LibraryFunctions(DynamicLibrary library, String description) {
    this.library = library;
    this.description = description;
  }

  final Entry required(String name, String shape) {
    Entry entry = entry(name, shape);
    required.add(entry);
    return entry;
  }

  final Entry optional(String name, String shape) {
    Entry entry = entry(name, shape);
    optional.add(entry);
    return entry;
  }

  private Entry entry(String name, String shape) {
    return library.entry(name, shape, name + " is not in " + description + "; install a newer version to use it");
  }

  final String library() {
    return library.name();
  }

  final List<Entry> required() {
    return required;
  }

  final List<Entry> optional() {
    return optional;
  }

  final List<String> missing() {
    return required.stream().filter(e -> !e.isPresent()).map(Entry::name).toList();
  }
}

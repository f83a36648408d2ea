import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder of build results. What a build leaves as it was keeps its time, so that later steps of Maven need not run again. */
final class Output {
  private final Path folder;

  Output(Path folder) {
    this.folder = folder;
  }

  /** Deletes everything in the folder but these files, named relative to it. */
  void keepOnly(List<String> names) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        boolean kept = Files.isDirectory(file) ? !isEmpty(file) : names.contains(folder.relativize(file).toString());
        if (!kept) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new BuildFailure("cannot clear " + folder, e);
    }
  }

  void write(String name, byte[] bytes) {
    Path file = folder.resolve(name);
    try {
      if (Files.exists(file) && Arrays.equals(Files.readAllBytes(file), bytes)) {
        return;
      }
      Files.createDirectories(file.getParent());
      // A library may be in use by another process: it is replaced, never written over.
      Path fresh = file.resolveSibling(file.getFileName() + ".new");
      Files.write(fresh, bytes);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new BuildFailure("cannot write " + file, e);
    }
  }

  void write(String name, String text) {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  Path file(String name) {
    return folder.resolve(name);
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BuildFailure("cannot read " + file, e);
    }
  }

  private static boolean isEmpty(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    }
  }
}

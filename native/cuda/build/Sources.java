import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Source files below a root folder, and which of them a file includes. Files are named relative to the root, so that nothing depends on
 * where it lies.
 */
final class Sources {
  private static final Pattern INCLUDE = Pattern.compile("^[ \\t]*#[ \\t]*include[ \\t]*(?:\"([^\"\\n]+)\"|<([^>\\n]+)>|(\\w+))",
      Pattern.MULTILINE);

  private final Path root;

  Sources(Path root) {
    this.root = root;
  }

  /** The files below a folder whose name ends so, in order of their names; none when there is no such folder. */
  List<String> files(String folder, String ending) {
    if (!Files.isDirectory(root.resolve(folder))) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(root.resolve(folder))) {
      return files.filter(file -> file.getFileName().toString().endsWith(ending) && Files.isRegularFile(file))
          .map(file -> root.relativize(file).toString()).sorted().toList();
    } catch (IOException e) {
      throw new BuildFailure("cannot list " + root.resolve(folder), e);
    }
  }

  /**
   * The file and every file below the root that it includes, through others too, whether or not a condition leaves the include out. Headers
   * from elsewhere belong to the compiler, whose version stands for them.
   */
  Collection<String> closure(String file, List<String> includeFolders) {
    TreeSet<String> found = new TreeSet<>(List.of(file));
    Deque<String> open = new ArrayDeque<>(found);
    while (!open.isEmpty()) {
      String from = open.pop();
      Matcher include = INCLUDE.matcher(read(from));
      while (include.find()) {
        if (include.group(3) != null) {
          throw new BuildFailure(from + ": #include " + include.group(3)
              + " cannot be followed by the object cache; write the header's name");
        }
        Optional<String> header = include.group(1) != null ? quoted(from, include.group(1), includeFolders)
            : searched(include.group(2), includeFolders);
        if (header.isPresent() && found.add(header.get())) {
          open.push(header.get());
        }
      }
    }
    return found;
  }

  /** Adds names and contents of a file and all that it includes. */
  void digest(Digest digest, String file, List<String> includeFolders) {
    for (String each : closure(file, includeFolders)) {
      digest.add(each).add(root.resolve(each));
    }
  }

  String read(String file) {
    try {
      return Files.readString(root.resolve(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BuildFailure("cannot read " + root.resolve(file), e);
    }
  }

  /** The name of a unit: its file's, without folder and ending. */
  static String unit(String file) {
    String name = file.substring(file.lastIndexOf('/') + 1);
    return name.substring(0, name.lastIndexOf('.'));
  }

  private Optional<String> quoted(String from, String header, List<String> includeFolders) {
    Optional<String> beside = existing(root.resolve(from).resolveSibling(header));
    return beside.isPresent() ? beside : searched(header, includeFolders);
  }

  private Optional<String> searched(String header, List<String> includeFolders) {
    return includeFolders.stream().flatMap(folder -> existing(root.resolve(folder).resolve(header)).stream()).findFirst();
  }

  private Optional<String> existing(Path file) {
    Path plain = file.normalize();
    return plain.startsWith(root) && Files.isRegularFile(plain) ? Optional.of(root.relativize(plain).toString()) : Optional.empty();
  }
}

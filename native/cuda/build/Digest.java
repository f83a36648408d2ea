import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;

/** A SHA-256 over several parts, each set off from the next. */
final class Digest {
  private final MessageDigest digest = sha256();

  Digest add(String text) {
    return add(text.getBytes(StandardCharsets.UTF_8));
  }

  Digest add(Collection<String> texts) {
    add(Integer.toString(texts.size()));
    texts.forEach(this::add);
    return this;
  }

  Digest add(Path file) {
    return add(bytes(file));
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** The plain SHA-256 of a file, as other tools give it. */
  static String of(Path file) {
    return of(bytes(file));
  }

  static String of(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  // The length before each part keeps ("ab", "c") and ("a", "bc") apart.
  private Digest add(byte[] bytes) {
    digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    digest.update(bytes);
    return this;
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BuildFailure("cannot read " + file, e);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}

package dev.gatun.tck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The sizes of a model that a vendor's device will meet, a line of {@code shapes.txt}.
 *
 * @param name the model
 * @param least the level from which its shapes are run
 * @param hidden elements of a token's row
 * @param intermediate rows of the gate and up matrices (of one expert, where there are several)
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param keySize elements of a key
 * @param valueSize elements of a value
 * @param vocabulary rows of the output matrix
 * @param ropeBase the base of the rotary frequencies
 * @param eps what the norms add
 * @param experts how many experts a layer has; 0 where it has none
 * @param expertsUsed how many of them a token goes to
 * @param latent elements of a latent row that keys and values are made of; 0 where attention is not over latent rows
 * @param ropeSize elements of such a key that carry the position
 */
public record ModelShape(String name, Level least, int hidden, int intermediate, int heads, int kvHeads, int keySize, int valueSize, int vocabulary,
    double ropeBase, float eps, int experts, int expertsUsed, int latent, int ropeSize) {
  private static final int COLUMNS = 11;
  private static final int WITH_EXPERTS = COLUMNS + 2;
  private static final int WITH_LATENT = WITH_EXPERTS + 2;
  /** In the columns of experts of a model that has none. */
  private static final String NONE = "-";
  private static final List<String> SIZES = List.of("hidden", "intermediate", "heads", "kv_heads", "key_size", "value_size", "vocabulary");
  private static final int HEADS = 2;
  private static final int KV_HEADS = 3;
  private static final int MOST = 1 << 24;

  /** A model whose attention is not over latent rows. */
  public ModelShape(String name, Level least, int hidden, int intermediate, int heads, int kvHeads, int keySize, int valueSize, int vocabulary, double ropeBase,
      float eps, int experts, int expertsUsed) {
    this(name, least, hidden, intermediate, heads, kvHeads, keySize, valueSize, vocabulary, ropeBase, eps, experts, expertsUsed, 0, 0);
  }

  /** A model without experts. */
  public ModelShape(String name, Level least, int hidden, int intermediate, int heads, int kvHeads, int keySize, int valueSize, int vocabulary, double ropeBase,
      float eps) {
    this(name, least, hidden, intermediate, heads, kvHeads, keySize, valueSize, vocabulary, ropeBase, eps, 0, 0);
  }

  /** The models of the suite's own file. */
  public static List<ModelShape> builtIn() {
    try (InputStream in = ModelShape.class.getResourceAsStream("shapes.txt")) {
      return read("shapes.txt", in);
    } catch (IOException e) {
      throw new UncheckedIOException("shapes.txt of the validation suite", e);
    }
  }

  /**
   * Reads a table of shapes: a line for each model, its columns in the order of this record's components, those of experts only where there are any or latent rows follow, a
   * {@code -} each where there are none, and those of latent rows only where attention is over them; {@code #} before a comment.
   *
   * @param file what messages call it
   * @throws CaseException naming the line that is wrong
   */
  public static List<ModelShape> read(String file, InputStream in) throws IOException {
    List<ModelShape> shapes = new ArrayList<>();
    BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    int number = 0;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      number++;
      String text = line.split("#", 2)[0].strip();
      if (!text.isEmpty()) {
        shapes.add(parse(file + ", line " + number, text.split("\\s+")));
      }
    }
    return shapes;
  }

  private static ModelShape parse(String where, String[] columns) {
    if (columns.length != COLUMNS && columns.length != WITH_EXPERTS && columns.length != WITH_LATENT) {
      throw new CaseException(where + ": " + columns.length + " columns; there must be " + COLUMNS + ", or " + WITH_EXPERTS + " with experts, or " + WITH_LATENT
          + " with latent rows too");
    }
    int[] sizes = new int[SIZES.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = size(where, SIZES.get(i), columns[2 + i]);
    }
    if (sizes[HEADS] % sizes[KV_HEADS] != 0) {
      throw new CaseException(where + ": heads must be a multiple of kv_heads, not " + sizes[HEADS] + " for " + sizes[KV_HEADS]);
    }
    boolean routed = columns.length == WITH_EXPERTS || columns.length == WITH_LATENT && !(columns[11].equals(NONE) && columns[12].equals(NONE));
    int experts = routed ? size(where, "experts", columns[11]) : 0;
    int used = routed ? size(where, "experts_used", columns[12]) : 0;
    int latent = columns.length == WITH_LATENT ? size(where, "latent", columns[13]) : 0;
    int rope = columns.length == WITH_LATENT ? size(where, "rope_size", columns[14]) : 0;
    if (rope >= sizes[4]) {
      throw new CaseException(where + ": rope_size must be less than the " + sizes[4] + " of key_size, not " + rope);
    }
    if (used > experts) {
      throw new CaseException(where + ": experts_used must be at most the " + experts + " experts, not " + used);
    }
    return new ModelShape(columns[0], level(where, columns[1]), sizes[0], sizes[1], sizes[HEADS], sizes[KV_HEADS], sizes[4], sizes[5],
        sizes[6], positive(where, "rope_base", columns[9]), (float) positive(where, "eps", columns[10]), experts, used, latent, rope);
  }

  private static Level level(String where, String text) {
    List<String> names = Arrays.stream(Level.values()).map(level -> level.name().toLowerCase(Locale.ROOT)).toList();
    int index = names.indexOf(text.toLowerCase(Locale.ROOT));
    if (index < 0) {
      throw new CaseException(where + ": there is no level '" + text + "'; there are: " + String.join(", ", names));
    }
    return Level.values()[index];
  }

  private static int size(String where, String name, String text) {
    try {
      int size = Integer.parseInt(text);
      if (size > 0 && size <= MOST) {
        return size;
      }
    } catch (NumberFormatException _) {
      // Said below, as for a number that is out of range.
    }
    throw new CaseException(where + ": " + name + " must be a whole number from 1 to " + MOST + ", not " + text);
  }

  private static double positive(String where, String name, String text) {
    try {
      double value = Double.parseDouble(text);
      if ((float) value > 0 && Float.isFinite((float) value)) {
        return value;
      }
    } catch (NumberFormatException _) {
      // Said below, as for a number that is out of range.
    }
    throw new CaseException(where + ": " + name + " must be a positive number, not " + text);
  }
}

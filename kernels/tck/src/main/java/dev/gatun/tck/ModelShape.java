package dev.gatun.tck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
 */
public record ModelShape(String name, Level least, int hidden, int intermediate, int heads, int kvHeads, int keySize, int valueSize, int vocabulary,
    double ropeBase, float eps) {
  private static final int COLUMNS = 11;

  /** The models of the suite's own file. */
  public static List<ModelShape> builtIn() {
    try (InputStream in = ModelShape.class.getResourceAsStream("shapes.txt")) {
      return read("shapes.txt", in);
    } catch (IOException e) {
      throw new UncheckedIOException("shapes.txt of the validation suite", e);
    }
  }

  /**
   * Reads a table of shapes: a line for each model, its columns in the order of this record's components, {@code #} before a comment.
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
    if (columns.length != COLUMNS) {
      throw new CaseException(where + ": " + columns.length + " columns; there must be " + COLUMNS);
    }
    try {
      return new ModelShape(columns[0], Level.valueOf(columns[1].toUpperCase(Locale.ROOT)), size(columns[2]), size(columns[3]), size(columns[4]),
          size(columns[5]), size(columns[6]), size(columns[7]), size(columns[8]), Double.parseDouble(columns[9]), Float.parseFloat(columns[10]));
    } catch (IllegalArgumentException e) {
      throw new CaseException(where + ": " + e.getMessage());
    }
  }

  private static int size(String text) {
    int size = Integer.parseInt(text);
    if (size <= 0) {
      throw new IllegalArgumentException("a size must be positive, not " + text);
    }
    return size;
  }
}

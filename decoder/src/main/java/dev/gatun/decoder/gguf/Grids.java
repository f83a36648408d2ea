package dev.gatun.decoder.gguf;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The grids whose points are the elements of ggml's IQ types, from the resource {@code iq-grids.txt}, which says where they come from. */
final class Grids {
  private static final String RESOURCE = "iq-grids.txt";
  private static final int HEXADECIMAL = 16;
  private static final int DIGITS = 4;
  private static final Map<String, byte[]> BY_NAME = read();

  private Grids() {}

  /** The coordinates of all points of a grid, point by point. */
  static byte[] of(String name) {
    return BY_NAME.get(name);
  }

  private static Map<String, byte[]> read() {
    Map<String, byte[]> grids = new HashMap<>();
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(Grids.class.getResourceAsStream(RESOURCE), StandardCharsets.US_ASCII))) {
      String name = "";
      String[] head = {};
      List<String> points = new ArrayList<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.contains(" ") && !line.startsWith("#")) {
          grids.put(name, coordinates(head, points));
          head = line.split(" ");
          name = head[0];
          points.clear();
        } else if (!line.startsWith("#")) {
          for (int i = 0; i < line.length(); i += DIGITS) {
            points.add(line.substring(i, i + DIGITS));
          }
        }
      }
      grids.put(name, coordinates(head, points));
      return grids;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] coordinates(String[] head, List<String> points) {
    if (points.isEmpty()) {
      return new byte[0];
    }
    int dimensions = Integer.parseInt(head[1]);
    int bits = DIGITS * 4 / dimensions;
    byte[] coordinates = new byte[points.size() * dimensions];
    for (int i = 0; i < coordinates.length; i++) {
      int places = Integer.parseInt(points.get(i / dimensions), HEXADECIMAL);
      coordinates[i] = Byte.parseByte(head[2 + (places >> bits * (i % dimensions) & (1 << bits) - 1)]);
    }
    return coordinates;
  }
}

package dev.gatun.decoder.cli.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Tokens per second of models: what was measured of every shape, type, prompt, depth and number of sequences that is asked for. */
final class TokenRates {
  static final List<String> SHAPES = List.of("llama-3.2-1b", "llama-3-8b", "qwen3-4b", "minicpm-2b");
  static final List<String> TYPES = List.of("bf16", "f8_e4m3", "q8_0", "q4_0", "q4_k");
  /** Models with experts, with latent attention or with both, for which there is no peer. */
  static final List<String> SPARSE_SHAPES = List.of("qwen3-30b-a3b", "deepseek-v2-lite", "minicpm3-4b");
  static final List<String> SPARSE_TYPES = List.of("bf16", "q8_0", "q4_0");
  private static final List<Integer> PROMPTS = List.of(512, 4096);
  private static final List<Integer> DEPTHS = List.of(0, 8192, 32768);
  private static final List<Integer> SEQUENCES = List.of(1, 8, 32);
  private static final String NOTHING = "not measured";
  private static final String NO_FLOAT = "no such GGUF type";

  private final MeasuredRows rows;

  TokenRates(MeasuredRows rows) {
    this.rows = rows;
  }

  /** The decode row with the least depth there is, at one sequence. */
  Optional<Map<String, Object>> decode(String shape, String type) {
    return of(shape, type).filter(row -> is(row, "n_prompt", 0) && is(row, "n_sequences", 1))
        .min((a, b) -> Double.compare(depth(a), depth(b)));
  }

  private static double depth(Map<String, Object> row) {
    return MeasuredRows.number(row, "n_depth").orElse(0);
  }

  private Stream<Map<String, Object>> of(String shape, String type) {
    return rows.rows().stream().filter(row -> row.get("model_filename") instanceof String file
        && file.replaceAll(".*/", "").matches(Pattern.quote(shape + "-" + type) + "([ .].*)?"));
  }

  private static boolean is(Map<String, Object> row, String field, long value) {
    return MeasuredRows.number(row, field).orElse(-1) == value;
  }

  private Optional<Map<String, Object>> at(String shape, String type, int prompt, int depth, int sequences) {
    return of(shape, type).filter(row -> is(row, "n_prompt", prompt) && is(row, "n_depth", depth) && is(row, "n_sequences", sequences)).findFirst();
  }

  private String cell(String shape, String type, int prompt, int depth, int sequences) {
    OptionalDouble rate = at(shape, type, prompt, depth, sequences).map(row -> MeasuredRows.number(row, "median_ts")).orElse(OptionalDouble.empty());
    return rate.isPresent() ? BenchReport.shown(rate.getAsDouble()) : type.startsWith("f8") ? NO_FLOAT : NOTHING;
  }

  private String peer(String shape, int depth, int sequences) {
    return rows.measured("torch", "decode", shape + " bf16 depth=" + depth + " m=" + sequences)
        .map(row -> BenchReport.shown(MeasuredRows.number(row, "tokens_per_s").orElse(Double.NaN))).orElse(NOTHING);
  }

  /** A Markdown table for prefill and one for decode. */
  List<String> tables() {
    List<String> lines = new ArrayList<>(List.of("### Prefill, tokens/s from an empty cache", "", "| shape | type | 512 | 4096 |", "|---|---|---|---|"));
    SHAPES.forEach(shape -> TYPES.forEach(type -> lines.add(prefillLine(shape, type))));
    SPARSE_SHAPES.forEach(shape -> SPARSE_TYPES.forEach(type -> lines.add(prefillLine(shape, type))));
    lines.addAll(List.of("", "### Decode, tokens/s of all sequences together", ""));
    StringBuilder head = new StringBuilder("| shape | type |");
    StringBuilder rule = new StringBuilder("|---|---|");
    for (int sequences : SEQUENCES) {
      for (int depth : DEPTHS) {
        head.append(" batch ").append(sequences).append(", depth ").append(depth).append(" |");
        rule.append("---|");
      }
    }
    lines.add(head.toString());
    lines.add(rule.toString());
    for (String shape : SHAPES) {
      TYPES.forEach(type -> lines.add(decodeLine(shape, type)));
      lines.add(decodeLine(shape, "bf16, PyTorch", (depth, sequences) -> peer(shape, depth, sequences)));
    }
    SPARSE_SHAPES.forEach(shape -> SPARSE_TYPES.forEach(type -> lines.add(decodeLine(shape, type))));
    return lines;
  }

  private interface Cell {
    String at(int depth, int sequences);
  }

  private String prefillLine(String shape, String type) {
    return "| " + shape + " | " + type + " | " + String.join(" | ", PROMPTS.stream().map(prompt -> cell(shape, type, prompt, 0, 1)).toList()) + " |";
  }

  private String decodeLine(String shape, String type) {
    return decodeLine(shape, type, (depth, sequences) -> cell(shape, type, 0, depth, sequences));
  }

  private static String decodeLine(String shape, String type, Cell cell) {
    StringBuilder line = new StringBuilder("| " + shape + " | " + type + " |");
    for (int sequences : SEQUENCES) {
      for (int depth : DEPTHS) {
        line.append(' ').append(cell.at(depth, sequences)).append(" |");
      }
    }
    return line.toString();
  }

  /** A line for each decode row that tells the host's share. */
  List<String> hostLines() {
    List<String> lines = new ArrayList<>();
    for (Map<String, Object> row : rows.rows()) {
      if (row.containsKey("host_us_per_step")) {
        lines.add("| " + row.get("model_filename") + " | " + row.get("n_depth") + " | " + row.get("n_sequences") + " | "
            + shown(row, "device_us_per_step") + " | " + shown(row, "host_us_per_step") + " | " + shown(row, "submit_us") + " | "
            + shown(row, "read_us") + " |");
      }
    }
    return lines;
  }

  private static String shown(Map<String, Object> row, String field) {
    return BenchReport.shown(MeasuredRows.number(row, field).orElse(Double.NaN));
  }
}

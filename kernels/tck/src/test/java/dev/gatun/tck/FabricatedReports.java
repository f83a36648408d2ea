package dev.gatun.tck;

import dev.gatun.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Reports of runs that never were, to see how reports are written down. */
final class FabricatedReports {
  private static final List<String> EXACT = List.of("argmax", "copy", "gather_rows", "kv_append");
  private static final List<String> OPERATORS = List.of("matmul", "attention", "kv_append", "rms_norm", "layer_norm", "rope", "silu_mul",
      "gelu", "gelu_mul", "add", "mul", "scale", "softcap", "softmax", "embedding", "gather_rows", "argmax", "top_k", "penalize", "sample",
      "copy",
      "quantize", "dequantize", "programs",
      "lifetimes");

  private FabricatedReports() {}

  static Report empty() {
    return report(List.of());
  }

  static Report of(CaseResult... results) {
    return report(List.of(results));
  }

  static Report report(List<CaseResult> results) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("driver", "580.65.06");
    facts.put("instruction sets", "avx512f avx512bw avx512_vnni");
    return new Report(
        new Report.Subject("acme", "Acme kernels 2.1 on one device", Map.of("device", "1"), "Acme A100 & Co", "gpu", 80L << 30, 108, false,
            facts),
        new Report.Run("0.1.0", Optional.of("544a8f0"), Level.STANDARD, Scale.DEVICE, Suite.SEED,
            List.of("llama-3.2-1b", "qwen3-0.6b", "llama-3-8b"), List.of(),
            "gatun validate --backend acme -o device=1 --level standard", "25.0.3+9 (Eclipse Adoptium)", "Linux 6.1 amd64"),
        new Report.Times("2026-01-01T12:00:00Z", 754.3), results);
  }

  /** Every operator, in the types that it takes; {@code finish} gives each case its verdict. */
  static Report all(Function<CaseResult, CaseResult> finish) {
    List<CaseResult> results = new ArrayList<>();
    for (String operator : OPERATORS) {
      List<String> columns = switch (operator) {
        case "matmul", "embedding" -> Arrays.stream(DType.values()).filter(type -> type != DType.I8 && type != DType.I32).map(DType::label)
            .toList();
        case "quantize", "dequantize" -> Arrays.stream(DType.values()).filter(DType::isBlock).map(DType::label).toList();
        case "programs", "lifetimes" -> List.of("-");
        default -> List.of("f32", "f16", "bf16");
      };
      for (String column : columns) {
        for (int i = 0; i < (columns.size() > 3 ? 61 : 140); i++) {
          TestCase test = TestCase.parse(operator + "(rows=" + (i % 7) + ", n=" + (31 + i) + (i % 3 == 0 ? ", lies=strided" : "") + ", x="
              + (column.equals("-") ? "f32" : column) + (i % 5 == 0 ? ", fill=outliers, count=" + i : "") + ")");
          results.add(finish.apply(passed(test, column, i)));
        }
      }
    }
    return report(results);
  }

  static Report allPassed() {
    return all(result -> result);
  }

  static Report manyFailures() {
    return all(result -> {
      int at = Integer.parseInt(result.test().values().get("n")) - 31;
      String message =
          "alone, y: NMSE 0.0123, largest difference 4.25 at 17: expected 0.25, got -4.0; allowed 5.0E-4: products summed in F32";
      return switch (result.test().family()) {
        case "matmul" -> result.column().startsWith("q") && at % 2 == 0 ? failed(result, at % 4 == 0 ? "error" : "element", message)
            : result;
        case "attention" -> at % 11 == 0 ? failed(result, "guards",
            "replayed: y f16 [3, 45] strides [52, 1]: byte 2 past its end changed <script>alert('x')</script> & more") : result;
        case "rope" -> at > 120 ? failed(result, "threw",
            "dev.gatun.GatunException: acme_rope failed: ACME_ERROR_LAUNCH (719): unspecified launch failure at "
            + "com.acme.gatun.AcmeStream.launch(AcmeStream.java:211)") : result;
        case "top_k" -> at == 3 ? CaseResult.unexamined(result.test(), result.column(), Verdict.FAIL, "crash",
            "the process ended with SIGSEGV (139)") : result;
        case "sample", "copy" -> at > 90 ? CaseResult.unexamined(result.test(), result.column(), Verdict.NOT_RUN, "",
            "its process crashed three times") : result;
        default -> result;
      };
    });
  }

  static Report manyUnsupported() {
    return all(result -> {
      int at = Integer.parseInt(result.test().values().get("n")) - 31;
      if (result.column().endsWith("_k") || result.column().startsWith("f8")) {
        return refused(result, "no " + result.column().toUpperCase(java.util.Locale.ROOT) + " kernels on this device");
      }
      return at % 4 == 1 ? refused(result, "rows of " + (31 + at) + " elements are no multiple of 32") : at % 9 == 0
          ? refused(result, "strided outputs need acme 3")
          : result;
    });
  }

  static CaseResult passed(TestCase test, String column, int i) {
    boolean exact = EXACT.contains(test.family()) || column.equals("-");
    double bound = exact ? 0 : test.family().equals("matmul") || test.family().equals("attention") ? 5e-4 : test.family().equals("softmax")
        ? 1e-6 : 1e-10;
    double share = exact ? 0 : (test.family().length() * 37 % 100) / 120.0 / (1 + i % 17) / (test.family().equals("add") ? 900 : 1);
    return new CaseResult(test, column, Verdict.PASS, "", "", List.of(new Measure("y", share * bound, bound,
        exact ? "moves, choices and roundings are exact"
            : "activations may be rounded to 8 bits per block of 32, which gives up to 1e-4 where a row has outliers")),
        1_000_000L * (1 + i % 50));
  }

  static CaseResult failed(CaseResult like, String check, String message) {
    return new CaseResult(like.test(), like.column(), Verdict.FAIL, check, message,
        List.of(new Measure("y", 0.0123, 5e-4, "products summed in F32")), like.nanos());
  }

  static CaseResult refused(CaseResult like, String reason) {
    return new CaseResult(like.test(), like.column(), Verdict.UNSUPPORTED, "", reason, List.of(), like.nanos());
  }
}

package dev.gatun.tck.cases;

import dev.gatun.DType;
import dev.gatun.UnsupportedCaseException;
import dev.gatun.Use;
import dev.gatun.tck.Level;
import dev.gatun.tck.lab.Findings;
import dev.gatun.tck.lab.UnservedException;
import dev.gatun.tck.lab.Workbench;
import java.util.Arrays;
import java.util.List;

/** What the interface promises besides numbers, a case for each promise. */
final class ContractFamily implements Family {
  private static final Promises PROMISES = Promises.everything();
  private static final List<DType> WEIGHTS = Arrays.stream(DType.values()).filter(type -> type != DType.I8 && type != DType.I32).toList();
  private static final List<DType> COMMON = List.of(DType.F32, DType.F16, DType.Q8_0, DType.Q4_0, DType.Q4_K);

  private final Signature signature = new Signature("contract").with("what", "device_properties").with("w", "f32").with("use", Use.MATMUL);

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Group group() {
    return Group.CONTRACT;
  }

  @Override
  public String column(Values values) {
    return values.text("w").equals("f32") ? "-" : values.text("w");
  }

  @Override
  public void list(Listing listing) {
    for (String name : PROMISES.all().keySet()) {
      listing.add(Level.QUICK, signature.of("what", name));
    }
    for (DType w : WEIGHTS) {
      Level level = COMMON.contains(w) ? Level.QUICK : Level.STANDARD;
      listing.add(level, signature.of("what", "claims_are_kept", "w", w.label()));
      for (Use use : Use.values()) {
        if (use != Use.VECTOR || w.isFloat()) {
          listing.add(level, signature.of("what", "weight_is_made_ready", "w", w.label(), "use", use));
        }
      }
      if (w.isFloat() || w == DType.Q8_0 || w == DType.F8_E4M3 || w == DType.F8_E5M2) {
        listing.add(level, signature.of("what", "cache_poison_is_nan", "w", w.label()));
      }
    }
  }

  @Override
  public void examine(Values values, Workbench bench, Findings findings) {
    Promises.Promise promise = PROMISES.all().get(values.text("what"));
    if (promise == null) {
      throw values.wrong("what", "one of " + String.join(", ", PROMISES.all().keySet()));
    }
    try {
      promise.examine(new Ground(values, bench, findings));
    } catch (UnsupportedCaseException | UnservedException e) {
      findings.unsupported(e.getMessage());
    }
  }
}

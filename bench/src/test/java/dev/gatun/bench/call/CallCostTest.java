package dev.gatun.bench.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gatun.bench.NotRunException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CallCostTest {
  private static String printed(Map<String, Map<String, CallCost.Cost>> costs) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CallCost.print(costs, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void aRatioHasTheSpreadOfTheForks() {
    CallCost.Cost ffm = CallCost.Cost.of(new double[][] {{8, 10, 9}, {11, 12, 10}});
    CallCost.Cost jni = CallCost.Cost.of(new double[][] {{20, 20, 20}, {22, 22, 22}});
    assertThat(ffm).isEqualTo(new CallCost.Cost(10, 9, 11));
    assertThat(printed(Map.of("eventQuery", Map.of("Ffm", ffm, "Jni", jni)))).contains("10.0 (9.0 to 11.0)").contains("21.0 (20.0 to 22.0)")
        .contains("0.48 (0.41 to 0.55)").contains("not run");
  }

  @Test
  void whatDidNotRunIsSaid() {
    assertThat(printed(Map.of())).contains("not run");
  }

  @Test
  void anUnknownDriverIsRefusedInOneLine() {
    assertThatThrownBy(() -> DriverLibrary.open("nvidia")).isInstanceOf(NotRunException.class).hasMessageContaining("driver=nvidia").hasMessageContaining("emulator");
  }
}

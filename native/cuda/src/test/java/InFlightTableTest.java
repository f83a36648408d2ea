import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class InFlightTableTest {
  private static final String RECORD = """
      toolkit 13.0.88
      kernel  arch    threads  registers  shared  dynamic  spills  blocks  limit      in_flight
      gatun_a sm_80       256         32       0        -       0       8  threads        32768
      gatun_a sm_90a      256         32       0        -       0       8  threads        45606
      gatun_b sm_90a      256         32       0        -       0       8  threads            -
      """;

  @Test
  void comparesWithBandwidthTimesLatency() {
    assertThat(InFlightTable.needed()).isBetween(22_803.0, 22_804.0);
    assertThat(InFlightTable.of(ResourceRecord.parse(RECORD)).text()).contains("| `gatun_a` | 8 | 45.6 | 2.0 |").doesNotContain("gatun_b");
  }

  @Test
  void takesTheTablesPlaceAndLeavesTheRest() {
    InFlightTable table = InFlightTable.of(ResourceRecord.parse(RECORD));
    String document = "before\n" + InFlightTable.of(ResourceRecord.parse("toolkit 13.0.88\n")).text() + "\nafter\n";
    assertThat(table.into(document)).isEqualTo("before\n" + table.text() + "\nafter\n");
    assertThat(table.into("no table")).isEqualTo("no table");
  }

  @Test
  void theDocumentHasTheTableOfTheRecord() throws IOException {
    Path root = Path.of("").toAbsolutePath();
    String document = Files.readString(root.resolve("../..").resolve(InFlightTable.DOCUMENT).normalize());
    InFlightTable table = InFlightTable.of(ResourceRecord.parse(Files.readString(root.resolve(ResourceRecord.FILE))));
    assertThat(table.rows()).isNotEmpty();
    assertThat(table.into(document)).as("record it anew: -Dgatun.resources.record=true").isEqualTo(document).contains(table.text());
  }
}

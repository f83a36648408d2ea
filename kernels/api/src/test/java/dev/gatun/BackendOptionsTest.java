package dev.gatun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendOptionsTest {
  @Test
  void settingsKeepTheirOrderAndTheLastValue() {
    BackendOptions options = BackendOptions.none().with("threads", 3).with("device", "gpu1").with("a", true).with("z", 1)
        .with("threads", 4);
    assertThat(options.values().keySet()).containsExactly("threads", "device", "a", "z");
    assertThat(options.get("threads")).contains("4");
    assertThat(options.get("missing")).isEmpty();
    assertThat(options.positive("threads", 7)).isEqualTo(4);
    assertThat(options.positive("missing", 7)).isEqualTo(7);
    assertThat(BackendOptions.none().values()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "many", "", "99999999999", "1.5"})
  void aNumberThatIsNotPositiveIsNamed(String value) {
    BackendOptions options = BackendOptions.none().with("threads", value);
    assertThatThrownBy(() -> options.positive("threads", 1)).isInstanceOf(GatunException.class).hasMessageContaining("threads")
        .hasMessageContaining("'" + value + "'");
  }
}

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourcesTest {
  private static final List<String> INCLUDES = List.of("include");

  @TempDir
  Path root;

  @Test
  void followsIncludesThroughOthersAndIntoConditions() throws IOException {
    write("kernels/a.cu", "#include \"x/one.cuh\"\n#include <math.h>\n");
    write("include/x/one.cuh", "#if defined(NEVER)\n  #  include \"two.cuh\"\n#endif\n#include <x/three.cuh>\n");
    write("include/x/two.cuh", "#include \"x/one.cuh\"\n");
    write("include/x/three.cuh", "");
    write("include/x/unused.cuh", "");
    assertThat(sources().closure("kernels/a.cu", INCLUDES))
        .containsExactly("include/x/one.cuh", "include/x/three.cuh", "include/x/two.cuh", "kernels/a.cu");
  }

  @Test
  void aChangedHeaderChangesTheHash() throws IOException {
    write("kernels/a.cu", "#include \"one.cuh\"\n");
    write("include/one.cuh", "int one;\n");
    write("include/unused.cuh", "int unused;\n");
    String before = hash();
    write("include/unused.cuh", "long unused;\n");
    assertThat(hash()).isEqualTo(before);
    write("include/one.cuh", "long one;\n");
    assertThat(hash()).isNotEqualTo(before);
  }

  @Test
  void theHashDoesNotDependOnWhereTheRootLies(@TempDir Path other) throws IOException {
    write("kernels/a.cu", "int a;\n");
    Files.createDirectories(other.resolve("kernels"));
    Files.copy(root.resolve("kernels/a.cu"), other.resolve("kernels/a.cu"));
    Digest there = new Digest();
    new Sources(other).digest(there, "kernels/a.cu", INCLUDES);
    assertThat(hash()).isEqualTo(there.hex());
  }

  @Test
  void anIncludeByMacroIsRefused() throws IOException {
    write("kernels/a.cu", "#include HEADER\n");
    assertThatThrownBy(() -> sources().closure("kernels/a.cu", INCLUDES)).isInstanceOf(BuildFailure.class)
        .hasMessageContaining("kernels/a.cu").hasMessageContaining("HEADER");
  }

  @Test
  void listsFilesInOrderAndNoneOfAFolderThatIsNotThere() throws IOException {
    write("kernels/b.cu", "");
    write("kernels/a.cu", "");
    write("kernels/deep/c.cu", "");
    write("kernels/readme.md", "");
    assertThat(sources().files("kernels", ".cu")).containsExactly("kernels/a.cu", "kernels/b.cu", "kernels/deep/c.cu");
    assertThat(sources().files("nothing", ".cu")).isEmpty();
    assertThat(Sources.unit("kernels/deep/c.cu")).isEqualTo("c");
  }

  @Test
  void partsOfAHashDoNotRunTogether() {
    assertThat(new Digest().add("ab").add("c").hex()).isNotEqualTo(new Digest().add("a").add("bc").hex());
  }

  private Sources sources() {
    return new Sources(root);
  }

  private String hash() {
    Digest digest = new Digest();
    sources().digest(digest, "kernels/a.cu", INCLUDES);
    return digest.hex();
  }

  private void write(String file, String text) throws IOException {
    Files.createDirectories(root.resolve(file).getParent());
    Files.writeString(root.resolve(file), text);
  }
}

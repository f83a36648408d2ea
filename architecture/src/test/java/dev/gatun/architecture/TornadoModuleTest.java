package dev.gatun.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.module.ModuleDescriptor.Requires;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** Who takes the TornadoVM backend gets neither TornadoVM nor its stand-in with it, and sees none of their types. */
class TornadoModuleTest {
  private static final String MODULE = "kernels/tornado";

  @Test
  void noTypeOfTornadoVmIsInAPublicSignature() {
    assertThat(ApiSurface.of(House.classes(MODULE))).isNotEmpty().noneMatch(line -> line.contains("uk.ac.manchester") || line.contains("tornado.api"));
  }

  @Test
  void itsModuleNeedsTornadoVmForCompilingAlone() {
    List<Requires> others = ApiSurface.descriptor(House.classes(MODULE)).requires().stream()
        .filter(requires -> !List.of("java.base", "dev.gatun").contains(requires.name())).toList();
    assertThat(others).extracting(Requires::name).containsExactly("tornado.api");
    assertThat(others).allSatisfy(requires -> assertThat(requires.modifiers()).containsExactly(Requires.Modifier.STATIC));
  }

  @Test
  void itsPomHandsOnTheApiAlone() throws Exception {
    var pom = DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder()
        .parse(House.ROOT.resolve(MODULE, "pom.xml").toFile());
    var dependencies = pom.getElementsByTagName("dependency");
    List<String> handedOn = new ArrayList<>();
    for (int i = 0; i < dependencies.getLength(); i++) {
      Element dependency = (Element) dependencies.item(i);
      var scope = dependency.getElementsByTagName("scope");
      if (scope.getLength() == 0 || !List.of("provided", "test").contains(scope.item(0).getTextContent())) {
        handedOn.add(dependency.getElementsByTagName("artifactId").item(0).getTextContent());
      }
    }
    assertThat(handedOn).containsExactly("gatun-api");
  }
}

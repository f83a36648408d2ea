package dev.gatun.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

class BillOfMaterialsTest {
  private final Document bom = parse("bom");

  @Test
  void itsVersionIsTheBuilds() {
    assertThat(child(bom.getDocumentElement(), "version")).isEqualTo(child(parse("").getDocumentElement(), "version"));
  }

  @Test
  void itNamesEveryPublishedArtifactAndNoOther() {
    List<String> published = Stream.of(House.PUBLISHED, House.RESOURCES, List.of("kernels/all")).flatMap(List::stream)
        .map(module -> child(parse(module).getDocumentElement(), "artifactId")).sorted().toList();

    List<String> managed = new ArrayList<>();
    var dependencies = bom.getElementsByTagName("dependency");
    for (int i = 0; i < dependencies.getLength(); i++) {
      managed.add(child((Element) dependencies.item(i), "artifactId"));
    }
    assertThat(managed).containsExactlyInAnyOrderElementsOf(published);
  }

  @Test
  void jarsWithoutADescriptorNameTheirModule() {
    assertThat(House.RESOURCES).extracting(module -> parse(module).getElementsByTagName("Automatic-Module-Name").item(0).getTextContent())
        .containsExactly("dev.gatun.cpu.kernels", "dev.gatun.cuda.kernels", "dev.gatun.cuda.emulator");
  }

  private static Document parse(String module) {
    Path pom = House.ROOT.resolve(module, "pom.xml");
    try {
      return DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(pom.toFile());
    } catch (Exception e) {
      throw new IllegalStateException(pom + " cannot be read", e);
    }
  }

  private static String child(Element parent, String name) {
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node.getNodeName().equals(name)) {
        return node.getTextContent();
      }
    }
    throw new IllegalStateException("no <" + name + "> in <" + parent.getNodeName() + ">");
  }
}

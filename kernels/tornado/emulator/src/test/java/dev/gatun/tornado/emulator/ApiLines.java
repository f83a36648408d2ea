package dev.gatun.tornado.emulator;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.AnnotationValue;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Modifier;
import java.util.Set;
import java.util.TreeSet;

/** What code that was compiled against a class needs of it, one line each. */
final class ApiLines {
  private ApiLines() {}

  static Set<String> of(InputStream classFile) {
    ClassModel model;
    try (classFile) {
      model = ClassFile.of().parse(classFile.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Set<String> lines = new TreeSet<>();
    if (!seen(model.flags().flagsMask())) {
      return lines;
    }
    String name = model.thisClass().asInternalName().replace('/', '.');
    String kind = model.flags().has(AccessFlag.INTERFACE) ? "interface" : "class";
    String annotations = model.findAttribute(Attributes.runtimeVisibleAnnotations()).map(ApiLines::annotations).orElse("");
    lines.add(name + " " + kind + annotations);
    model.fields().stream().filter(f -> seen(f.flags().flagsMask())).forEach(f -> lines.add(name + " " + f.fieldName() + " " + f.fieldType()
        + statics(f.flags().flagsMask())
        + f.findAttribute(Attributes.constantValue()).map(c -> " = " + c.constant().constantValue()).orElse("")));
    model.methods().stream().filter(m -> seen(m.flags().flagsMask()))
        .forEach(m -> lines.add(name + " " + m.methodName() + " " + m.methodType() + statics(m.flags().flagsMask())));
    return lines;
  }

  private static boolean seen(int flags) {
    return (flags & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0 && (flags & AccessFlag.SYNTHETIC.mask()) == 0;
  }

  private static String statics(int flags) {
    return Modifier.isStatic(flags) ? " static" : "";
  }

  /** Who compiles against an annotation writes it where it says, and for as long. */
  private static String annotations(RuntimeVisibleAnnotationsAttribute attribute) {
    StringBuilder text = new StringBuilder();
    attribute.annotations().stream().filter(a -> a.className().stringValue().startsWith("Ljava/lang/annotation/"))
        .forEach(a -> a.elements().forEach(e -> text.append(' ').append(a.className()).append(' ').append(values(e.value()))));
    return text.toString();
  }

  private static Object values(AnnotationValue value) {
    return switch (value) {
      case AnnotationValue.OfArray array -> array.values().stream().map(ApiLines::values).toList();
      case AnnotationValue.OfEnum constant -> constant.constantName().stringValue();
      default -> value;
    };
  }
}

package dev.gatun.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassSignature;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodSignature;
import java.lang.classfile.Signature;
import java.lang.classfile.attribute.InnerClassInfo;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.constant.ClassDesc;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a module promises to those who compile against it, one sorted line for each promise: its exports and services, and the public and
 * protected types and members of the packages it exports, with generics, thrown types, constants and permitted subtypes.
 */
final class ApiSurface {
  private static final Set<String> OF_EVERY_OBJECT = Set.of("equals(Ljava/lang/Object;)Z", "hashCode()I", "toString()Ljava/lang/String;");

  private final Path classes;
  private final Set<String> lines = new TreeSet<>();

  private ApiSurface(Path classes) {
    this.classes = classes;
  }

  /** The surface of the module whose class files lie in {@code classes}. */
  static List<String> of(Path classes) {
    ApiSurface surface = new ApiSurface(classes);
    ModuleDescriptor module = descriptor(classes);
    for (ModuleDescriptor.Exports exports : module.exports()) {
      if (!exports.isQualified()) {
        surface.lines.add("module " + module.name() + " exports " + exports.source());
        surface.addPackage(exports.source());
      }
    }
    module.requires().stream().filter(r -> r.modifiers().contains(ModuleDescriptor.Requires.Modifier.TRANSITIVE))
        .forEach(r -> surface.lines.add("module " + module.name() + " requires transitive " + r.name()));
    module.uses().forEach(service -> surface.lines.add("module " + module.name() + " uses " + service));
    module.provides().forEach(p -> surface.lines.add("module " + module.name() + " provides " + p.service()));
    return List.copyOf(surface.lines);
  }

  /** The packages that the module in {@code classes} exports to everyone. */
  static List<String> exportedPackages(Path classes) {
    return descriptor(classes).exports().stream().filter(e -> !e.isQualified()).map(ModuleDescriptor.Exports::source).sorted().toList();
  }

  static ModuleDescriptor descriptor(Path classes) {
    try (var in = Files.newInputStream(classes.resolve("module-info.class"))) {
      return ModuleDescriptor.read(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void addPackage(String name) {
    try (Stream<Path> files = Files.list(classes.resolve(name.replace('.', '/')))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class") && !f.endsWith("package-info.class")).toList()) {
        addType(ClassFile.of().parse(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void addType(ClassModel type) {
    Optional<Integer> visible = visibleFlags(type);
    if (visible.isEmpty()) {
      return;
    }
    String name = name(type.thisClass().asSymbol());
    lines.add(name + " : " + declaration(type, visible.get()));
    for (FieldModel field : type.fields()) {
      if (isPromised(field.flags().flagsMask(), type)) {
        lines.add(name + "." + field.fieldName().stringValue() + " : " + words(field.flags().flagsMask(), AccessFlag.Location.FIELD)
            + fieldType(field) + constant(field) + deprecated(field.findAttribute(Attributes.deprecated()).isPresent()));
      }
    }
    for (MethodModel method : type.methods()) {
      if (isPromised(method.flags().flagsMask(), type) && !OF_EVERY_OBJECT.contains(method.methodName().stringValue() + method.methodType().stringValue())) {
        lines.add(name + "." + method(method, type));
      }
    }
  }

  /** The flags of a type as its source has them, if it and every type round it are public or protected. */
  private Optional<Integer> visibleFlags(ClassModel type) {
    int flags = type.flags().flagsMask();
    Optional<InnerClassInfo> self = type.findAttribute(Attributes.innerClasses()).stream().flatMap(a -> a.classes().stream())
        .filter(info -> info.innerClass().asInternalName().equals(type.thisClass().asInternalName())).findFirst();
    if (self.isPresent()) {
      flags = self.get().flagsMask();
      Optional<ClassEntry> outer = self.get().outerClass();
      if (outer.isEmpty() || visibleFlags(parse(outer.get())).isEmpty()) {
        return Optional.empty();
      }
    }
    return (flags & (Modifier.PUBLIC | Modifier.PROTECTED)) == 0 ? Optional.empty() : Optional.of(flags);
  }

  private ClassModel parse(ClassEntry entry) {
    try {
      return ClassFile.of().parse(classes.resolve(entry.asInternalName() + ".class"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isPromised(int flags, ClassModel owner) {
    boolean extensible = (owner.flags().flagsMask() & Modifier.FINAL) == 0;
    boolean reachable = (flags & Modifier.PUBLIC) != 0 || (flags & Modifier.PROTECTED) != 0 && extensible;
    return reachable && (flags & ClassFile.ACC_SYNTHETIC) == 0;
  }

  private static String declaration(ClassModel type, int flags) {
    ClassSignature signature = type.findAttribute(Attributes.signature()).map(a -> a.asClassSignature()).orElseGet(() -> erased(type));
    StringBuilder line = new StringBuilder(words(flags & ~Modifier.INTERFACE, AccessFlag.Location.INNER_CLASS))
        .append(kind(type, flags)).append(render(signature.typeParameters()))
        .append(" extends ").append(render(signature.superclassSignature()));
    if (!signature.superinterfaceSignatures().isEmpty()) {
      line.append(" implements ").append(join(signature.superinterfaceSignatures(), ApiSurface::render));
    }
    type.findAttribute(Attributes.permittedSubclasses()).ifPresent(permits ->
        line.append(" permits ").append(permits.permittedSubclasses().stream().map(c -> name(c.asSymbol())).sorted()
            .collect(Collectors.joining(", "))));
    return line.append(deprecated(type.findAttribute(Attributes.deprecated()).isPresent())).toString();
  }

  private static String kind(ClassModel type, int flags) {
    if ((flags & ClassFile.ACC_ANNOTATION) != 0) {
      return "@interface";
    } else if ((flags & Modifier.INTERFACE) != 0) {
      return "interface";
    } else if ((flags & ClassFile.ACC_ENUM) != 0) {
      return "enum";
    }
    return type.findAttribute(Attributes.record())
        .map(record -> "record(" + join(record.components(), c -> c.findAttribute(Attributes.signature())
            .map(s -> render(s.asTypeSignature())).orElse(name(c.descriptorSymbol())) + " " + c.name().stringValue()) + ")")
        .orElse("class");
  }

  private static ClassSignature erased(ClassModel type) {
    return ClassSignature.of(Signature.ClassTypeSig.of(type.superclass().orElseThrow().asSymbol()),
        type.interfaces().stream().map(i -> Signature.ClassTypeSig.of(i.asSymbol())).toArray(Signature.ClassTypeSig[]::new));
  }

  private static String method(MethodModel method, ClassModel owner) {
    MethodSignature signature = method.findAttribute(Attributes.signature()).map(a -> a.asMethodSignature())
        .orElseGet(() -> MethodSignature.of(method.methodTypeSymbol()));
    boolean isDefault = (owner.flags().flagsMask() & Modifier.INTERFACE) != 0
        && (method.flags().flagsMask() & (Modifier.ABSTRACT | Modifier.STATIC)) == 0;
    List<String> thrown = method.findAttribute(Attributes.exceptions()).stream()
        .flatMap(a -> a.exceptions().stream()).map(e -> name(e.asSymbol())).sorted().toList();
    return method.methodName().stringValue() + "(" + join(signature.arguments(), ApiSurface::render) + ") : "
        + words(method.flags().flagsMask() & ~Modifier.SYNCHRONIZED & ~Modifier.NATIVE, AccessFlag.Location.METHOD)
        + (isDefault ? "default " : "") + (signature.typeParameters().isEmpty() ? "" : render(signature.typeParameters()) + " ")
        + render(signature.result()) + (thrown.isEmpty() ? "" : " throws " + String.join(", ", thrown))
        + (method.findAttribute(Attributes.annotationDefault()).isPresent() ? " has default" : "")
        + deprecated(method.findAttribute(Attributes.deprecated()).isPresent());
  }

  private static String words(int flags, AccessFlag.Location where) {
    return Stream.of(AccessFlag.values())
        .filter(flag -> flag.sourceModifier() && (flags & flag.mask()) != 0 && flag.locations().contains(where))
        .map(flag -> flag.name().toLowerCase(Locale.ROOT) + " ").collect(Collectors.joining());
  }

  private static String fieldType(FieldModel field) {
    return field.findAttribute(Attributes.signature()).map(s -> render(s.asTypeSignature())).orElse(name(field.fieldTypeSymbol()));
  }

  private static String constant(FieldModel field) {
    return field.findAttribute(Attributes.constantValue()).map(c -> " = " + c.constant().constantValue()).orElse("");
  }

  private static String deprecated(boolean is) {
    return is ? " @Deprecated" : "";
  }

  private static <T> String join(List<T> parts, Function<T, String> renderer) {
    return parts.stream().map(renderer).collect(Collectors.joining(", "));
  }

  private static String render(List<Signature.TypeParam> parameters) {
    if (parameters.isEmpty()) {
      return "";
    }
    return "<" + join(parameters, p -> {
      List<String> bounds = new ArrayList<>();
      p.classBound().ifPresent(b -> bounds.add(render(b)));
      p.interfaceBounds().forEach(b -> bounds.add(render(b)));
      return p.identifier() + " extends " + String.join(" & ", bounds);
    }) + ">";
  }

  private static String render(Signature signature) {
    return switch (signature) {
      case Signature.BaseTypeSig base -> name(ClassDesc.ofDescriptor(base.signatureString()));
      case Signature.ArrayTypeSig array -> render(array.componentSignature()) + "[]";
      case Signature.TypeVarSig variable -> variable.identifier();
      case Signature.ClassTypeSig type -> type.outerType().map(outer -> render(outer) + ".").orElse("")
          + type.className().replace('/', '.').replace('$', '.')
          + (type.typeArgs().isEmpty() ? "" : "<" + join(type.typeArgs(), ApiSurface::render) + ">");
    };
  }

  private static String render(Signature.TypeArg argument) {
    return switch (argument) {
      case Signature.TypeArg.Unbounded _ -> "?";
      case Signature.TypeArg.Bounded bounded -> Map.of(
          Signature.TypeArg.Bounded.WildcardIndicator.NONE, "",
          Signature.TypeArg.Bounded.WildcardIndicator.EXTENDS, "? extends ",
          Signature.TypeArg.Bounded.WildcardIndicator.SUPER, "? super ").get(bounded.wildcardIndicator()) + render(bounded.boundType());
    };
  }

  private static String name(ClassDesc type) {
    if (type.isArray()) {
      return name(type.componentType()) + "[]";
    }
    String simple = type.displayName().replace('$', '.');
    return type.packageName().isEmpty() ? simple : type.packageName() + "." + simple;
  }
}

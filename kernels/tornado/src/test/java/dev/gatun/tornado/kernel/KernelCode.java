package dev.gatun.tornado.kernel;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeAnnotation;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The bytecode of the kernels' package: which of its methods are kernels, and what stands in a kernel, or in what it calls, that TornadoVM's compilers cannot take.
 * A kernel is a method that takes the context of a work-item, or has a parallel loop, or is handed to a task graph by a method reference.
 */
final class KernelCode {
  private static final String CONTEXT = "Luk/ac/manchester/tornado/api/KernelContext;";
  private static final String PARALLEL = "Luk/ac/manchester/tornado/api/annotations/Parallel;";

  /** A method by class, name and descriptor. */
  record Id(String owner, String name, String descriptor) {
    @Override
    public String toString() {
      return owner.substring(owner.lastIndexOf('/') + 1) + "." + name;
    }
  }

  private final Map<String, ClassModel> classes = new TreeMap<>();
  private final Map<Id, MethodModel> methods = new LinkedHashMap<>();

  /** The classes whose files lie in {@code folder}. */
  static KernelCode in(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return new KernelCode(files.filter(file -> file.toString().endsWith(".class")).sorted().toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  KernelCode(List<Path> files) {
    for (Path file : files) {
      try {
        ClassModel model = ClassFile.of().parse(file);
        classes.put(model.thisClass().asInternalName(), model);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    classes.values().forEach(model -> model.methods().forEach(method -> methods.put(
        new Id(model.thisClass().asInternalName(), method.methodName().stringValue(), method.methodType().stringValue()), method)));
  }

  /** The kernels. */
  Set<Id> kernels() {
    Set<Id> kernels = new LinkedHashSet<>();
    methods.forEach((id, method) -> {
      if (id.descriptor.startsWith("(" + CONTEXT) && !isHelper(id) || method.code().map(KernelCode::isParallel).orElse(false)) {
        kernels.add(id);
      }
      method.code().ifPresent(code -> code.forEach(element -> {
        if (element instanceof InvokeDynamicInstruction dynamic) {
          dynamic.bootstrapArgs().stream().map(this::referenced).flatMap(Set::stream).forEach(kernels::add);
        }
      }));
    });
    return kernels;
  }

  /** Whether other methods of the package call it by name, which nobody does to a kernel. */
  private boolean isHelper(Id id) {
    return methods.values().stream().flatMap(method -> method.code().stream()).flatMap(CodeModel::elementStream)
        .anyMatch(element -> element instanceof InvokeInstruction call && id.equals(id(call)));
  }

  private static boolean isParallel(CodeModel code) {
    List<TypeAnnotation> all = new ArrayList<>();
    code.findAttribute(Attributes.runtimeVisibleTypeAnnotations()).ifPresent(a -> all.addAll(a.annotations()));
    code.findAttribute(Attributes.runtimeInvisibleTypeAnnotations()).ifPresent(a -> all.addAll(a.annotations()));
    return all.stream().anyMatch(a -> a.annotation().className().equalsString(PARALLEL));
  }

  private Set<Id> referenced(ConstantDesc argument) {
    if (argument instanceof DirectMethodHandleDesc handle) {
      String owner = handle.owner().descriptorString();
      Id id = new Id(owner.substring(1, owner.length() - 1), handle.methodName(), handle.lookupDescriptor());
      return methods.containsKey(id) && !id.name.startsWith("lambda$") ? Set.of(id) : Set.of();
    }
    return Set.of();
  }

  private static Id id(InvokeInstruction call) {
    return new Id(call.owner().asInternalName(), call.name().stringValue(), call.type().stringValue());
  }

  /** Bytes of the local arrays of a kernel and of what it calls; of a size that is computed the constant counts. */
  int localBytes(Id id) {
    int bytes = 0;
    int size = 0;
    for (CodeElement element : methods.get(id).code().orElseThrow()) {
      if (element instanceof ConstantInstruction constant && constant.constantValue() instanceof Integer number) {
        size = Math.max(size, number);
      } else if (element instanceof InvokeInstruction call) {
        Id called = id(call);
        if (called.name.matches("allocate.*LocalArray")) {
          bytes += size * Integer.BYTES;
        } else if (methods.containsKey(called)) {
          bytes += localBytes(called);
        }
        size = 0;
      }
    }
    return bytes;
  }

  /** What is wrong with each of {@code kernels}, or with methods that it calls; kernels without complaints are left out. */
  Map<Id, List<String>> complaints(Set<Id> kernels) {
    Map<Id, List<String>> all = new LinkedHashMap<>();
    for (Id kernel : kernels) {
      List<String> here = new ArrayList<>();
      KernelRules.name(kernel.name).ifPresent(here::add);
      walk(kernel, new ArrayDeque<>(), new LinkedHashSet<>(), here);
      if (!here.isEmpty()) {
        all.put(kernel, here);
      }
    }
    return all;
  }

  private void walk(Id id, Deque<Id> callers, Set<Id> seen, List<String> complaints) {
    if (callers.contains(id)) {
      complaints.add(id + ": calls itself, by way of " + callers);
      return;
    }
    if (!seen.add(id)) {
      return;
    }
    MethodModel method = methods.get(id);
    new KernelRules(classes.keySet(), callers.isEmpty()).check(method).forEach(said -> complaints.add(id + ": " + said));
    callers.push(id);
    method.code().ifPresent(code -> code.forEach(element -> {
      if (element instanceof InvokeInstruction call && methods.containsKey(id(call))) {
        walk(id(call), callers, seen, complaints);
      }
    }));
    callers.pop();
  }
}

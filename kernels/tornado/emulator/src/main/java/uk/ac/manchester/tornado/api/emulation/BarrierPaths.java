package uk.ac.manchester.tornado.api.emulation;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.LocalVariableInfo;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The methods between a kernel and its barriers, as its class files tell. Each of them must be static and in the kernel's package, must
 * call nothing dynamically, and if it is of another class, use none of that class's private members; then copies of them can stand in one
 * class.
 */
final class BarrierPaths {
  private static final ClassDesc CONTEXT = ClassDesc.of("uk.ac.manchester.tornado.api.KernelContext");

  /** A static method. */
  record Name(ClassDesc owner, String name, MethodTypeDesc type) {}

  /** A place where a method waits, and the variables that it has there; the callee is null at a barrier itself. */
  record Wait(String where, Name callee, List<Variable> variables) {}

  /** A local variable. */
  record Variable(int slot, ClassDesc type) {
    TypeKind kind() {
      return TypeKind.from(type).asLoadable();
    }
  }

  /** A method that reaches a barrier. */
  record Path(Name name, CodeModel code, List<Wait> waits) {}

  private final Class<?> home;
  private final ClassDesc homeName;
  private final Map<ClassDesc, ClassModel> models = new HashMap<>();
  private final Map<Name, Path> paths = new LinkedHashMap<>();
  private final Map<Name, Boolean> seen = new HashMap<>();

  BarrierPaths(Class<?> home) {
    this.home = home;
    this.homeName = home.describeConstable().orElseThrow();
  }

  /** The paths from this kernel, which come with it first; empty where it reaches no barrier. */
  List<Path> from(Name kernel) throws IOException {
    if (reaches(kernel)) {
      paths.computeIfPresent(kernel, (_, path) -> withoutArguments(path));
    }
    List<Path> found = new ArrayList<>(paths.values());
    return found.reversed();
  }

  /** A kernel is called with the same arguments again, so those that it does not assign to need not be kept. */
  private static Path withoutArguments(Path path) {
    int arguments = path.name().type().parameterList().stream().mapToInt(p -> TypeKind.from(p).slotSize()).sum();
    Set<Integer> assigned = new HashSet<>();
    for (CodeElement element : path.code()) {
      switch (element) {
        case StoreInstruction store -> assigned.add(store.slot());
        case IncrementInstruction increment -> assigned.add(increment.slot());
        default -> {
        }
      }
    }
    return new Path(path.name(), path.code(), path.waits().stream().map(w -> new Wait(w.where(), w.callee(),
        w.variables().stream().filter(v -> v.slot() >= arguments || assigned.contains(v.slot())).toList())).toList());
  }

  /** Whether this invocation is of a barrier. */
  static boolean barrier(InvokeInstruction call) {
    return call.owner().asSymbol().equals(CONTEXT) && call.name().equalsString("localBarrier");
  }

  static Name called(InvokeInstruction call) {
    return new Name(call.owner().asSymbol(), call.name().stringValue(), call.typeSymbol());
  }

  private boolean reaches(Name name) throws IOException {
    Boolean known = seen.putIfAbsent(name, false);
    if (known != null) {
      return known;
    }
    ClassModel model = model(name.owner());
    MethodModel method = model.methods().stream().filter(m -> m.methodName().equalsString(name.name()) && m.methodTypeSymbol()
        .equals(name.type()))
        .findFirst().orElseThrow(() -> new UnsupportedOperationException("no method " + name));
    CodeModel code = method.code().orElseThrow();
    List<Wait> waits = waits(name, model, code);
    if (waits.isEmpty()) {
      return false;
    }
    if (!method.flags().has(AccessFlag.STATIC)) {
      throw new UnsupportedOperationException(name.name() + " is not static");
    }
    refusePrivateUse(name, model, code);
    paths.put(name, new Path(name, code, waits));
    seen.put(name, true);
    return true;
  }

  private List<Wait> waits(Name name, ClassModel model, CodeModel code) throws IOException {
    List<Wait> waits = new ArrayList<>();
    List<LocalVariableInfo> variables = code.findAttribute(Attributes.localVariableTable()).map(t -> t.localVariables()).orElse(List.of());
    String file = model.findAttribute(Attributes.sourceFile()).map(f -> f.sourceFile().stringValue()).orElse("?");
    int line = 0;
    int at = 0;
    for (CodeElement element : code) {
      switch (element) {
        case LineNumber number -> line = number.line();
        case InvokeInstruction call when barrier(call) -> waits.add(new Wait(file + ":" + line, null, variablesAt(variables, at)));
        case InvokeInstruction call when call.typeSymbol().parameterList().contains(CONTEXT) -> {
          if (call.opcode() != Opcode.INVOKESTATIC || !call.owner().asSymbol().packageName().equals(homeName.packageName())) {
            throw new UnsupportedOperationException(name.name() + " hands its context to " + call.name());
          }
          if (reaches(called(call))) {
            waits.add(new Wait(file + ":" + line, called(call), variablesAt(variables, at)));
          }
        }
        default -> {
        }
      }
      if (element instanceof Instruction instruction) {
        at += instruction.sizeInBytes();
      }
    }
    return waits;
  }

  private static List<Variable> variablesAt(List<LocalVariableInfo> variables, int at) {
    return variables.stream().filter(v -> v.startPc() <= at && at < v.startPc() + v.length())
        .map(v -> new Variable(v.slot(), v.typeSymbol())).toList();
  }

  private void refusePrivateUse(Name name, ClassModel model, CodeModel code) {
    for (CodeElement element : code) {
      boolean refused = switch (element) {
        case InvokeDynamicInstruction _ -> true;
        case InvokeInstruction call -> !name.owner().equals(homeName) && call.owner().asSymbol().equals(name.owner()) && model.methods()
            .stream()
            .anyMatch(m -> m.methodName().equals(call.name()) && m.flags().has(AccessFlag.PRIVATE));
        case FieldInstruction field -> !name.owner().equals(homeName) && field.owner().asSymbol().equals(name.owner()) && model.fields()
            .stream()
            .anyMatch(f -> f.fieldName().equals(field.name()) && f.flags().has(AccessFlag.PRIVATE));
        default -> false;
      };
      if (refused) {
        throw new UnsupportedOperationException(name.name() + " uses what its own class alone may: " + element);
      }
    }
  }

  private ClassModel model(ClassDesc owner) throws IOException {
    ClassModel model = models.get(owner);
    if (model == null) {
      String file = "/" + owner.descriptorString().substring(1, owner.descriptorString().length() - 1) + ".class";
      try (InputStream in = home.getResourceAsStream(file)) {
        if (in == null) {
          throw new UnsupportedOperationException("no class file " + file);
        }
        model = ClassFile.of().parse(in.readAllBytes());
      }
      models.put(owner, model);
    }
    return model;
  }
}

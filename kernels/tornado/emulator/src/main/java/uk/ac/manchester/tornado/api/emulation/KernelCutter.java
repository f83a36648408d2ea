package uk.ac.manchester.tornado.api.emulation;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import uk.ac.manchester.tornado.api.emulation.BarrierPaths.Name;
import uk.ac.manchester.tornado.api.emulation.BarrierPaths.Path;
import uk.ac.manchester.tornado.api.emulation.BarrierPaths.Variable;
import uk.ac.manchester.tornado.api.emulation.BarrierPaths.Wait;

/**
 * Cuts a kernel at its barriers, so that one thread can run all items of a group in turns, which is many times faster than a thread for
 * each.
 *
 * <p>A hidden class beside the kernel's own gets copies of the methods between the kernel and its barriers. A copy has an {@link ItemFrame}
 * as its last parameter. In place of a barrier it keeps its variables there and returns; called again with the frame, it puts them back and
 * goes on behind the barrier. Its callers do the same round the call. Variables are found in the class file's table of them. Code that this
 * does not do right, such as a value under way on the stack, does not verify, and the kernel stays whole. So does one on the module path,
 * where its module does not let this one in.
 */
final class KernelCutter {
  private static final System.Logger LOG = System.getLogger(KernelCutter.class.getName());
  private static final ClassDesc FRAME = ItemFrame.class.describeConstable().orElseThrow();
  private static final MethodTypeDesc STEP = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object.arrayType(), FRAME);

  private static final MethodTypeDesc KEEP = MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int, ConstantDescs.CD_Object);

  private final ClassDesc cutClass;
  private final List<Path> paths;

  private KernelCutter(ClassDesc cutClass, List<Path> paths) {
    this.cutClass = cutClass;
    this.paths = paths;
  }

  /** The kernel, cut; empty where that cannot be done. */
  static Optional<CutKernel.Cuts> cut(Class<?> home, String name, MethodType type) {
    try {
      ClassDesc homeName = home.describeConstable().orElseThrow();
      List<Path> paths = new BarrierPaths(home).from(new Name(homeName, name, type.describeConstable().orElseThrow()));
      if (paths.isEmpty()) {
        return Optional.empty();
      }
      KernelCutter cutter = new KernelCutter(ClassDesc.of(homeName.packageName(), home.getSimpleName() + "$Cut"), paths);
      MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(home, MethodHandles.lookup())
          .defineHiddenClass(cutter.build(home.getClassLoader()), true, MethodHandles.Lookup.ClassOption.NESTMATE);
      CutKernel kernel = (CutKernel) lookup.findConstructor(lookup.lookupClass(), MethodType.methodType(void.class)).invoke();
      int variables = paths.stream().flatMap(p -> p.waits().stream()).mapToInt(w -> w.variables().size()).max().orElse(0);
      return Optional.of(new CutKernel.Cuts(kernel, variables, paths.stream().map(cutter::points).toList()));
    } catch (VirtualMachineError e) {
      throw e;
    } catch (Throwable e) {
      LOG.log(System.Logger.Level.DEBUG, () -> home.getName() + "." + name + " stays whole", e);
      return Optional.empty();
    }
  }

  private List<CutKernel.Point> points(Path path) {
    return path.waits().stream().map(w -> new CutKernel.Point(w.where(), w.callee() == null ? -1 : number(w.callee()))).toList();
  }

  private int number(Name name) {
    int number = 0;
    while (!paths.get(number).name().equals(name)) {
      number++;
    }
    return number;
  }

  private byte[] build(ClassLoader loader) {
    ClassHierarchyResolver resolver = ClassHierarchyResolver.ofResourceParsing(loader).orElse(ClassHierarchyResolver.defaultResolver());
    return ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(resolver)).build(cutClass, c -> {
      c.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SYNTHETIC);
      c.withInterfaceSymbols(CutKernel.class.describeConstable().orElseThrow());
      c.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, ClassFile.ACC_PUBLIC,
          b -> b.aload(0).invokespecial(ConstantDescs.CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void).return_());
      c.withMethodBody("step", STEP, ClassFile.ACC_PUBLIC, this::step);
      for (int i = 0; i < paths.size(); i++) {
        Path path = paths.get(i);
        c.withMethod(copyName(i), copyType(path.name()), ClassFile.ACC_STATIC,
            m -> m.transformCode(path.code(), CodeTransform.ofStateful(() -> new Copy(path))));
      }
    });
  }

  private String copyName(int number) {
    return paths.get(number).name().name() + "$" + number;
  }

  private static MethodTypeDesc copyType(Name name) {
    return name.type().insertParameterTypes(name.type().parameterCount(), FRAME);
  }

  private void step(CodeBuilder b) {
    MethodTypeDesc type = paths.getFirst().name().type();
    for (int i = 0; i < type.parameterCount(); i++) {
      b.aload(1).loadConstant(i).aaload();
      unbox(b, type.parameterType(i));
    }
    b.aload(2).invokestatic(cutClass, copyName(0), copyType(paths.getFirst().name())).return_();
  }

  private static void unbox(CodeBuilder b, ClassDesc type) {
    if (!type.isPrimitive()) {
      b.checkcast(type);
      return;
    }
    ClassDesc box = switch (type.descriptorString()) {
      case "I" -> ConstantDescs.CD_Integer;
      case "J" -> ConstantDescs.CD_Long;
      case "F" -> ConstantDescs.CD_Float;
      case "D" -> ConstantDescs.CD_Double;
      case "Z" -> ConstantDescs.CD_Boolean;
      case "B" -> ConstantDescs.CD_Byte;
      case "S" -> ConstantDescs.CD_Short;
      default -> ConstantDescs.CD_Character;
    };
    b.checkcast(box).invokevirtual(box, type.displayName() + "Value", MethodTypeDesc.of(type));
  }

  /** The copy of one method. */
  private final class Copy implements CodeTransform {
    private final Path path;
    private final int frame;
    private final List<Label> resume = new ArrayList<>();
    private int next;

    private Copy(Path path) {
      this.path = path;
      this.frame = path.name().type().parameterList().stream().mapToInt(p -> TypeKind.from(p).slotSize()).sum();
    }

    @Override
    public void atStart(CodeBuilder b) {
      Label start = b.newLabel();
      List<SwitchCase> cases = new ArrayList<>();
      for (int i = 0; i < path.waits().size(); i++) {
        cases.add(SwitchCase.of(i + 1, b.newLabel()));
        resume.add(b.newLabel());
      }
      b.aload(frame).getfield(FRAME, "state", ConstantDescs.CD_int).lookupswitch(start, cases);
      for (int i = 0; i < cases.size(); i++) {
        Wait wait = path.waits().get(i);
        b.labelBinding(cases.get(i).target());
        b.aload(frame).iconst_0().putfield(FRAME, "state", ConstantDescs.CD_int);
        restore(b, wait.variables());
        if (wait.callee() != null) {
          wait.callee().type().parameterList().forEach(p -> zero(b, TypeKind.from(p)));
        }
        b.goto_(resume.get(i));
      }
      b.labelBinding(start);
    }

    @Override
    public void accept(CodeBuilder b, CodeElement element) {
      switch (element) {
        case LoadInstruction load -> b.loadLocal(load.typeKind(), slot(load.slot()));
        case StoreInstruction store -> b.storeLocal(store.typeKind(), slot(store.slot()));
        case IncrementInstruction increment -> b.iinc(slot(increment.slot()), increment.constant());
        case InvokeInstruction call when BarrierPaths.barrier(call) -> {
          b.pop();
          leave(b);
          b.labelBinding(resume.get(next++));
        }
        case InvokeInstruction call when atCall(call) -> {
          b.labelBinding(resume.get(next));
          Name callee = path.waits().get(next).callee();
          Label ended = b.newLabel();
          callee(b).invokestatic(cutClass, copyName(number(callee)), copyType(callee));
          callee(b).getfield(FRAME, "state", ConstantDescs.CD_int).ifeq(ended);
          drop(b, TypeKind.from(callee.type().returnType()));
          leave(b);
          b.labelBinding(ended);
          next++;
        }
        case Instruction instruction -> b.with(instruction);
        case LabelTarget label -> b.with(label);
        case LineNumber line -> b.with(line);
        case ExceptionCatch handler -> b.with(handler);
        default -> {
          // Tables of variables and annotations on them do not fit the shifted slots, and nobody reads them here.
        }
      }
    }

    private boolean atCall(InvokeInstruction call) {
      return next < path.waits().size() && BarrierPaths.called(call).equals(path.waits().get(next).callee());
    }

    private CodeBuilder callee(CodeBuilder b) {
      return b.aload(frame).invokevirtual(FRAME, "callee", MethodTypeDesc.of(FRAME));
    }

    /** Keeps the variables and returns, to go on at the next cut. */
    private void leave(CodeBuilder b) {
      List<Variable> variables = path.waits().get(next).variables();
      for (int i = 0; i < variables.size(); i++) {
        Variable variable = variables.get(i);
        if (variable.kind() == TypeKind.REFERENCE) {
          b.aload(frame).loadConstant(i).aload(slot(variable.slot())).invokevirtual(FRAME, "keep", KEEP);
          continue;
        }
        fields(b, variable.kind()).loadConstant(i).loadLocal(variable.kind(), slot(variable.slot()));
        switch (variable.kind()) {
          case INT -> b.i2l().lastore();
          case FLOAT -> b.invokestatic(ConstantDescs.CD_Float, "floatToRawIntBits", MethodTypeDesc.of(ConstantDescs.CD_int,
              ConstantDescs.CD_float))
              .i2l().lastore();
          case DOUBLE -> b.invokestatic(ConstantDescs.CD_Double, "doubleToRawLongBits",
              MethodTypeDesc.of(ConstantDescs.CD_long, ConstantDescs.CD_double)).lastore();
          default -> b.lastore();
        }
      }
      b.aload(frame).loadConstant(next + 1).putfield(FRAME, "state", ConstantDescs.CD_int);
      TypeKind returned = TypeKind.from(path.name().type().returnType()).asLoadable();
      zero(b, returned);
      b.return_(returned);
    }

    private void restore(CodeBuilder b, List<Variable> variables) {
      for (int i = 0; i < variables.size(); i++) {
        Variable variable = variables.get(i);
        fields(b, variable.kind()).loadConstant(i);
        switch (variable.kind()) {
          case INT -> b.laload().l2i();
          case FLOAT -> b.laload().l2i()
              .invokestatic(ConstantDescs.CD_Float, "intBitsToFloat", MethodTypeDesc.of(ConstantDescs.CD_float, ConstantDescs.CD_int));
          case DOUBLE -> b.laload()
              .invokestatic(ConstantDescs.CD_Double, "longBitsToDouble", MethodTypeDesc.of(ConstantDescs.CD_double, ConstantDescs.CD_long));
          case LONG -> b.laload();
          default -> b.aaload().checkcast(variable.type());
        }
        b.storeLocal(variable.kind(), slot(variable.slot()));
      }
    }

    private CodeBuilder fields(CodeBuilder b, TypeKind kind) {
      b.aload(frame);
      return kind == TypeKind.REFERENCE ? b.getfield(FRAME, "references", ConstantDescs.CD_Object.arrayType())
          : b.getfield(FRAME, "words", ConstantDescs.CD_long.arrayType());
    }

    private int slot(int slot) {
      return slot < frame ? slot : slot + 1;
    }

    private static void zero(CodeBuilder b, TypeKind kind) {
      switch (kind.asLoadable()) {
        case INT -> b.iconst_0();
        case FLOAT -> b.fconst_0();
        case DOUBLE -> b.dconst_0();
        case LONG -> b.lconst_0();
        case REFERENCE -> b.aconst_null();
        default -> {
        }
      }
    }

    private static void drop(CodeBuilder b, TypeKind kind) {
      switch (kind.slotSize()) {
        case 1 -> b.pop();
        case 2 -> b.pop2();
        default -> {
        }
      }
    }
  }
}

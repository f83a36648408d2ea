package dev.gatun.tornado.kernel;

import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What TornadoVM's compilers cannot take in a method. Of what they take only in part, nothing is let through: a double works where the device has it, bits are
 * reinterpreted where they come straight from memory.
 */
final class KernelRules {
  private static final String API = "uk/ac/manchester/tornado/api/";
  private static final String CONTEXT = API + "KernelContext";
  private static final Set<String> ARRAYS = Set.of(API + "types/arrays/ByteArray", API + "types/arrays/ShortArray", API + "types/arrays/IntArray",
      API + "types/arrays/FloatArray");
  private static final Set<String> CONTEXT_CALLS = Set.of("allocateFloatLocalArray", "allocateIntLocalArray", "allocateByteLocalArray", "localBarrier",
      "globalBarrier");
  private static final Set<String> MATH_CALLS = Set.of("abs", "min", "max");

  /** Words of OpenCL C and its built-in functions, as far as they are Java identifiers: the compiled function has the kernel method's name. */
  private static final Pattern TAKEN = Pattern.compile("(u?(char|short|int|long)|float|double|half|bool)(2|3|4|8|16)|uchar|ushort|uint|ulong|half|bool|size_t|"
      + "auto|extern|inline|register|restrict|signed|sizeof|struct|typedef|union|unsigned|kernel|global|local|constant|main|barrier|printf|"
      + "a?(cos|sin|tan)(h|pi|hpi)?|atan2(pi)?|cbrt|ceil|copysign|erfc?|exp(2|10|m1)?|fabs|fdim|floor|fma|fmax|fmin|fmod|fract|frexp|hypot|ilogb|ldexp|[lt]gamma|"
      + "lgamma_r|log(2|10|1p|b)?|mad|maxmag|minmag|modf|nan|nextafter|pow|pown|powr|remainder|remquo|rint|rootn|round|rsqrt|sincos|sqrt|trunc|"
      + "abs|abs_diff|add_sat|hadd|rhadd|clamp|clz|ctz|mad_hi|mad_sat|max|min|mul_hi|rotate|sub_sat|upsample|popcount|mad24|mul24|"
      + "degrees|mix|radians|step|smoothstep|sign|cross|dot|distance|length|normalize|fast_[a-z]+|native_[a-z0-9]+|half_[a-z0-9]+|"
      + "isequal|isnotequal|isgreater(equal)?|isless(equal|greater)?|isfinite|isinf|isnan|isnormal|isordered|isunordered|signbit|any|all|bitselect|select|"
      + "v(load|store)[a-z0-9_]*|convert_[a-z0-9_]+|as_[a-z0-9]+|prefetch|shuffle2?|vec_step|atom(ic)?_[a-z_]+|get_[a-z_]+|wait_group_events|async_[a-z_]+");

  private final Set<String> own;
  private final boolean kernel;

  /** Rules for a method that may call those of the classes {@code own}; {@code kernel} tells whether it is a kernel itself. */
  KernelRules(Set<String> own, boolean kernel) {
    this.own = own;
    this.kernel = kernel;
  }

  /** What is wrong with a kernel method's name; empty if nothing is. */
  static Optional<String> name(String name) {
    return TAKEN.matcher(name).matches() ? Optional.of("a kernel cannot be named '" + name + "', which OpenCL C has taken") : Optional.empty();
  }

  /** What is wrong, each thing once. */
  List<String> check(MethodModel method) {
    List<String> all = new ArrayList<>();
    if (!method.flags().has(AccessFlag.STATIC) || method.flags().has(AccessFlag.SYNCHRONIZED) || method.code().isEmpty()) {
      all.add("is no plain static method");
    }
    method.methodTypeSymbol().parameterList().forEach(type -> parameter(type).ifPresent(all::add));
    ClassDesc result = method.methodTypeSymbol().returnType();
    if (!result.isPrimitive()) {
      all.add("returns an object");
    }
    doubles(result).ifPresent(all::add);
    method.code().ifPresent(code -> code.forEach(element -> complaint(element).ifPresent(all::add)));
    return all.stream().distinct().toList();
  }

  private Optional<String> parameter(ClassDesc type) {
    if (type.isPrimitive()) {
      return doubles(type);
    }
    if (type.isArray()) {
      return Optional.of(kernel ? "takes a Java array: only native arrays are carried to devices"
          : "takes a local array, whose elements it would look for at wrong places: only the kernel itself may touch it");
    }
    String name = internal(type);
    return name.equals(CONTEXT) || ARRAYS.contains(name) ? Optional.empty() : Optional.of("takes an object of " + type.displayName());
  }

  private static String internal(ClassDesc type) {
    String descriptor = type.descriptorString();
    return descriptor.substring(1, descriptor.length() - 1);
  }

  private static Optional<String> doubles(ClassDesc type) {
    return type.descriptorString().equals("D") ? doubles(TypeKind.DOUBLE) : Optional.empty();
  }

  private static Optional<String> doubles(TypeKind kind) {
    return kind == TypeKind.DOUBLE ? Optional.of("uses doubles, which not every device has") : Optional.empty();
  }

  private Optional<String> complaint(CodeElement element) {
    return switch (element) {
      case NewObjectInstruction n -> Optional.of("allocates " + n.className().asInternalName());
      case NewPrimitiveArrayInstruction _, NewReferenceArrayInstruction _, NewMultiArrayInstruction _ ->
          Optional.of("allocates an array other than by its context");
      case ThrowInstruction _ -> Optional.of("throws");
      case ExceptionCatch _ -> Optional.of("catches exceptions");
      case InvokeDynamicInstruction d -> Optional.of("makes a lambda or a string (invokedynamic " + d.name().stringValue() + ")");
      case MonitorInstruction _ -> Optional.of("locks");
      case TypeCheckInstruction c -> Optional.of("asks for a class (" + c.opcode().name().toLowerCase(Locale.ROOT) + ")");
      case FieldInstruction f -> field(f);
      case InvokeInstruction i -> call(i);
      case ConstantInstruction c -> constant(c.constantValue());
      case OperatorInstruction o -> doubles(o.typeKind());
      case ConvertInstruction c -> doubles(c.toType()).or(() -> doubles(c.fromType()));
      case LoadInstruction l -> doubles(l.typeKind());
      case StoreInstruction s -> doubles(s.typeKind());
      case ReturnInstruction r -> doubles(r.typeKind());
      case ArrayLoadInstruction a -> array(a.typeKind());
      case ArrayStoreInstruction a -> array(a.typeKind());
      case BranchInstruction b when Set.of(Opcode.IF_ACMPEQ, Opcode.IF_ACMPNE, Opcode.IFNULL, Opcode.IFNONNULL).contains(b.opcode()) ->
          Optional.of("compares references");
      default -> Optional.empty();
    };
  }

  private static Optional<String> array(TypeKind kind) {
    return kind == TypeKind.REFERENCE ? Optional.of("has an array of objects") : doubles(kind);
  }

  private static Optional<String> field(FieldInstruction field) {
    boolean read = field.opcode() == Opcode.GETFIELD && field.owner().asInternalName().equals(CONTEXT);
    return read ? Optional.empty() : Optional.of("uses the field " + simple(field.owner().asInternalName()) + "." + field.name().stringValue());
  }

  private Optional<String> call(InvokeInstruction call) {
    String owner = call.owner().asInternalName();
    String name = call.name().stringValue();
    boolean allowed = switch (owner) {
      case CONTEXT -> CONTEXT_CALLS.contains(name);
      case "java/lang/Integer" -> name.equals("intValue");
      case "java/lang/Math" -> MATH_CALLS.contains(name);
      case API + "math/TornadoMath" -> true;
      default -> ARRAYS.contains(owner) ? name.equals("get") || name.equals("set") : call.opcode() == Opcode.INVOKESTATIC && own.contains(owner);
    };
    if (!allowed) {
      return Optional.of("calls " + simple(owner) + "." + name);
    }
    return Stream.concat(Stream.of(call.typeSymbol().returnType()), call.typeSymbol().parameterList().stream()).flatMap(type -> doubles(type).stream())
        .findFirst();
  }

  private static Optional<String> constant(Object value) {
    return switch (value) {
      case Float f when f.isNaN() -> Optional.of("has NaN as a constant, for which OpenCL C has another word");
      case Double _ -> doubles(TypeKind.DOUBLE);
      case Integer _, Long _, Float _ -> Optional.empty();
      default -> Optional.of("has a constant that is no number (" + value + ")");
    };
  }

  private static String simple(String owner) {
    return owner.substring(owner.lastIndexOf('/') + 1);
  }
}

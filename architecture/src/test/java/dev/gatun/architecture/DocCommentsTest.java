package dev.gatun.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.DocTrees;
import com.sun.source.util.TreePath;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every public type and member of an exported package has a doc comment. The javadoc tool's own check of this comes only together with one
 * for a {@code @param} and {@code @return} on everything, and most sentences here say those better in running words.
 */
class DocCommentsTest {
  static List<String> modules() {
    return House.PUBLISHED;
  }

  @ParameterizedTest
  @MethodSource("modules")
  void everyPublicMemberIsDocumented(String module) throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String name : ApiSurface.exportedPackages(House.classes(module))) {
      try (Stream<Path> files = Files.list(House.sources(module).resolve(name.replace('.', '/')))) {
        files.filter(f -> f.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      assertThat(undocumented(manager.getJavaFileObjectsFromPaths(sources))).isEmpty();
    }
  }

  @Test
  void whatLacksACommentIsNamed() throws IOException {
    String source = """
        package p;
        public interface A {
          int a();
          /** Said. */ int b();
          record R(int x) {
            public R { }
            public R() { this(1); }
            public int x() { return x; }
            @Override public String toString() { return ""; }
            void hidden() {}
          }
          enum E { ONE, /** Said. */ TWO }
        }
        class Hidden { public void hidden() {} }
        """;
    JavaFileObject file = new SimpleJavaFileObject(URI.create("string:///p/A.java"), JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return source;
      }
    };
    assertThat(undocumented(List.of(file))).containsExactly("p.A", "p.A.a", "p.A.R", "p.A.R.<init>", "p.A.R.x", "p.A.E", "p.A.E.ONE");
  }

  private static List<String> undocumented(Iterable<? extends JavaFileObject> files) throws IOException {
    if (!files.iterator().hasNext()) {
      return List.of();
    }
    JavacTask task = (JavacTask) ToolProvider.getSystemJavaCompiler().getTask(null, null, null, List.of("-proc:none"), null, files);
    DocTrees docs = DocTrees.instance(task);
    List<String> missing = new ArrayList<>();
    for (CompilationUnitTree unit : task.parse()) {
      TreePath path = new TreePath(unit);
      for (Tree type : unit.getTypeDecls()) {
        if (type instanceof ClassTree declared && isVisible(declared.getModifiers(), false)) {
          check(new TreePath(path, declared), unit.getPackageName().toString(), docs, missing);
        }
      }
    }
    return missing;
  }

  private static void check(TreePath path, String scope, DocTrees docs, List<String> missing) {
    Tree tree = path.getLeaf();
    String name = scope + "." + switch (tree) {
      case ClassTree type -> type.getSimpleName();
      case MethodTree method -> method.getName();
      case VariableTree field -> field.getName();
      default -> throw new IllegalArgumentException(tree.getKind().toString());
    };
    if (docs.getDocComment(path) == null) {
      missing.add(name);
    }
    if (tree instanceof ClassTree type) {
      for (Tree member : type.getMembers()) {
        if (needsComment(member, type)) {
          check(new TreePath(path, member), name, docs, missing);
        }
      }
    }
  }

  private static boolean needsComment(Tree member, ClassTree owner) {
    boolean allPublic = owner.getKind() == Tree.Kind.INTERFACE || owner.getKind() == Tree.Kind.ANNOTATION_TYPE;
    return switch (member) {
      case ClassTree type -> isVisible(type.getModifiers(), allPublic);
      case VariableTree field -> isVisible(field.getModifiers(), allPublic);
      case MethodTree method -> isVisible(method.getModifiers(), allPublic) && !overrides(method) && !isCanonicalConstructor(method, owner);
      default -> false;
    };
  }

  private static boolean isVisible(ModifiersTree modifiers, boolean allPublic) {
    Set<Modifier> flags = modifiers.getFlags();
    return flags.contains(Modifier.PUBLIC) || flags.contains(Modifier.PROTECTED) || allPublic && !flags.contains(Modifier.PRIVATE);
  }

  private static boolean overrides(MethodTree method) {
    return method.getModifiers().getAnnotations().stream().anyMatch(a -> a.getAnnotationType().toString().equals("Override"));
  }

  /** A canonical constructor's contract stands in its record's own comment. */
  private static boolean isCanonicalConstructor(MethodTree method, ClassTree owner) {
    if (owner.getKind() != Tree.Kind.RECORD || method.getReturnType() != null) {
      return false;
    }
    List<String> components = owner.getMembers().stream()
        .filter(m -> m instanceof VariableTree field && !field.getModifiers().getFlags().contains(Modifier.STATIC))
        .map(m -> ((VariableTree) m).getType() + " " + ((VariableTree) m).getName()).toList();
    return components.equals(method.getParameters().stream().map(p -> p.getType() + " " + p.getName()).toList());
  }
}

package dev.gatun.decoder.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher script's search for a JDK, and its choice of what to build, on made-up folders. */
class LauncherTest {
  private static Path script;

  @TempDir Path folder;

  @BeforeAll
  static void findTheScript() {
    assumeTrue(System.getProperty("os.name").equals("Linux") && Files.isExecutable(Path.of("/bin/bash")), "the script needs bash");
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isRegularFile(at.resolve("gatun")) && Files.isDirectory(at.resolve("decoder"))) {
        script = at.resolve("gatun");
      }
    }
    assumeTrue(script != null, "the script is not above the working directory");
  }

  @Test
  void scriptParses() throws Exception {
    assertThat(bash("bash -n \"$1\"", Map.of())).isEmpty();
    assertThat(Files.isExecutable(script)).isTrue();
  }

  @Test
  void firstJdkThatIsNewEnoughIsTaken() throws Exception {
    Path old = java("old", "21.0.2", true);
    Path runtime = java("runtime", "25.0.1", false);
    Path wanted = java("wan ted", "25.0.1", true);
    Path newer = java("newer", "26", true);
    assertThat(bash("source \"$1\"; shift; first_jdk \"$@\" && echo \"$JDK\"", Map.of(), folder.resolve("nothing"), old, runtime, wanted, newer))
        .isEqualTo(wanted.toString());
    assertThat(bash("source \"$1\"; shift; first_jdk \"$@\" && echo \"$JDK\"", Map.of(), newer, wanted)).isEqualTo(newer.toString());
    assertThat(bash("source \"$1\"; shift; first_jdk \"$@\" || echo none", Map.of(), old, runtime)).isEqualTo("none");
  }

  @Test
  void placesOfVersionManagersAreLookedThrough() throws Exception {
    Path home = folder.resolve("home");
    List<Path> places = new ArrayList<>();
    for (String place : List.of("home/.sdkman/candidates/java/25", "home/.jdks/25", "home/.gradle/jdks/25", "sdkman/candidates/java/25")) {
      places.add(java(place, "25", true));
    }
    Path chosen = java("chosen", "25", true);
    String listed = bash("source \"$1\"; list_candidates; printf '%s\\n' \"${CANDIDATES[@]}\"",
        Map.of("HOME", home.toString(), "SDKMAN_DIR", folder.resolve("sdkman").toString(), "JAVA_HOME", chosen.toString()));
    assertThat(listed.lines()).startsWith(chosen.toString()).containsAll(places.stream().map(Path::toString).toList());
  }

  @Test
  void whatJavaHomeHoldsInsteadIsSaid() throws Exception {
    Map<Path, String> said = Map.of(java("old", "21.0.2", true), "holds JDK 21)", java("runtime", "25.0.1", false), "holds a JRE 25, without",
        folder.resolve("nothing"), "holds no JDK)");
    for (Map.Entry<Path, String> entry : said.entrySet()) {
      assertThat(bash("source \"$1\"; describe_java_home; echo \"$HOME_SAYS\"", Map.of("JAVA_HOME", entry.getKey().toString())))
          .contains("JAVA_HOME=" + entry.getKey() + " ").contains(entry.getValue());
    }
  }

  @Test
  void nativePartsAreBuiltForThoseWhoAskForThemOrHaveADriver() throws Exception {
    String machine = "ldconfig() { echo \"$LIBRARIES\"; }; has_nvcc() { $NVCC; }; DRIVER_FILES=(\"$DRIVER\");";
    String asked = "source \"$1\"; " + machine + " native_parts $WORDS; echo $NATIVE";
    Map<String, String> bare = Map.of("LIBRARIES", "libc.so.6", "NVCC", "true", "DRIVER", folder.resolve("absent").toString());
    Map<String, String> listed = with(bare, "LIBRARIES", "libcuda.so.1 (libc6,x86-64) => /usr/lib/libcuda.so.1");
    Map<String, String> present = with(bare, "DRIVER", Files.createFile(folder.resolve("nvidiactl")).toString());
    for (Map.Entry<String, String> on : Map.of("", "0", "bench", "0", "bench --backend cpu", "0", "run --backend cuda-emulated -n 3", "1",
        "run --backend=cuda-emulated", "1", "bench --backend cuda", "0", "bench --backend", "0", "bench --backend other", "0",
        "bench --backend cpu,cuda-emulated", "1").entrySet()) {
      assertThat(bash(asked, with(bare, "WORDS", on.getKey()))).as(on.getKey()).isEqualTo(on.getValue());
    }
    for (Map<String, String> here : List.of(listed, present, with(bare, "GATUN_JVM_ARGS", "-Xmx2g -Dgatun.cuda.library=/opt/libcuda.so.1"))) {
      for (Map.Entry<String, String> on : Map.of("bench", "2", "bench --backend cpu", "0", "run --backend cuda-emulated", "1", "run --backend=cuda",
          "2", "bench --backend cpu,cuda", "2").entrySet()) {
        assertThat(bash(asked, with(here, "WORDS", on.getKey()))).as(on.getKey()).isEqualTo(on.getValue());
      }
    }
    // Without nvcc the kernels are built only for who asks for them, and is told what is missing.
    assertThat(bash(asked, with(with(present, "NVCC", "false"), "WORDS", "bench"))).isEqualTo("0");
    assertThat(bash(asked, with(with(present, "NVCC", "false"), "WORDS", "bench --backend cuda"))).isEqualTo("2");
  }

  @Test
  void buildIsFreshForWhatItHoldsUntilASourceOfThatIsNewer() throws Exception {
    Path root = folder.resolve("root");
    List<Path> sources = new ArrayList<>();
    for (String file : List.of("pom.xml", "kernels/api/pom.xml", "kernels/api/src/main/A.java", "ffi-bindings/pom.xml", "ffi-bindings/src/main/B.java",
        "decoder/pom.xml", "decoder/src/main/C.java", "kernels/tornado/emulator/pom.xml", "kernels/tornado/emulator/src/main/I.java", "native/cpu/pom.xml", "native/cpu/build/J.java",
        "native/cpu/include/k.h", "native/cpu/src/l.c", "native/cuda/pom.xml", "native/cuda/spills.txt", "native/cuda/resources.txt", "native/cuda/build/D.java",
        "native/cuda/include/e.cuh", "native/cuda/kernels/f.cu", "native/cuda/emulator/pom.xml", "native/cuda/emulator/driver-functions.txt",
        "native/cuda/emulator/include/g.h", "native/cuda/emulator/src/h.cpp")) {
      Path source = root.resolve(file);
      Files.createDirectories(source.getParent());
      sources.add(Files.createFile(source));
    }
    Files.createDirectories(root.resolve("decoder/target/lib"));
    Files.createFile(root.resolve("decoder/target/gatun-decoder-1.jar"));
    Path stamp = root.resolve("decoder/target/launcher.stamp");
    String fresh = "source \"$1\"; ROOT=$2; STAMP=$3; for NATIVE in 0 1 2; do if is_fresh; then printf yes; else printf no; fi; done";

    assertThat(bash(fresh, Map.of(), root, stamp)).isEqualTo("nonono");
    for (Map.Entry<String, String> built : Map.of("", "yesnono", "0", "yesnono", "1", "yesyesno", "2", "yesyesyes").entrySet()) {
      Files.writeString(stamp, built.getKey() + "\n");
      assertThat(bash(fresh, Map.of(), root, stamp)).as(built.getKey()).isEqualTo(built.getValue());
    }
    for (Path source : sources) {
      FileTime before = Files.getLastModifiedTime(source);
      Files.setLastModifiedTime(source, FileTime.from(Files.getLastModifiedTime(stamp).toInstant().plusSeconds(10)));
      String expected = source.startsWith(root.resolve("native/cuda")) ? "yesnono" : "nonono";
      assertThat(bash(fresh, Map.of(), root, stamp)).as(source.toString()).isEqualTo(expected);
      Files.setLastModifiedTime(source, before);
    }
  }

  @Test
  void bundleTakesOneNameOfAnArchive() throws Exception {
    assertThat(bash("source \"$1\"; bundle_words; echo $BUNDLE", Map.of())).isEqualTo("gatun-bundle.tar.xz");
    assertThat(bash("source \"$1\"; bundle_words 'a b.tar.xz'; echo $BUNDLE", Map.of())).isEqualTo("a b.tar.xz");
    assertThat(bash("source \"$1\"; bundle_words --help; echo never", Map.of())).startsWith("Usage: gatun bundle [OUT.tar.xz]").doesNotContain("never");
    for (Map.Entry<String, String> bad : Map.of("x.zip", "must end in .tar.xz: 'x.zip'", "''", "must end in .tar.xz: ''", "a.tar.xz b.tar.xz", "one name is wanted, not 2",
        "--fast", "no option --fast is known").entrySet()) {
      assertThat(bash("source \"$1\"; bundle_words " + bad.getKey() + "; echo never", Map.of())).as(bad.getKey()).startsWith("gatun: ").contains(bad.getValue())
          .hasLineCount(1).doesNotContain("never");
    }
  }

  @Test
  void bundleGetsTheNativePartsThatCanBeBuiltHere() throws Exception {
    String asked = "source \"$1\"; has_driver() { return 1; }; has_nvcc() { $NVCC; }; native_parts bundle; echo $NATIVE";
    assertThat(bash(asked, Map.of("NVCC", "true"))).isEqualTo("2");
    assertThat(bash(asked, Map.of("NVCC", "false"))).isIn("0", "1");
  }

  @Test
  void bundleIsBuiltAnewWhenTheBenchmarksAreOlder() throws Exception {
    Path stamp = Files.createFile(folder.resolve("stamp"));
    Path jar = folder.resolve("bench/target/gatun-bench.jar");
    Files.createDirectories(jar.resolveSibling("lib"));
    Path source = Files.createFile(Files.createDirectories(folder.resolve("bench/src/main")).resolve("A.java"));
    Files.createFile(folder.resolve("bench/pom.xml"));
    String fresh = "source \"$1\"; ROOT=$2; STAMP=$3; if suites_are_fresh; then echo yes; else echo no; fi";
    assertThat(bash(fresh, Map.of(), folder, stamp)).isEqualTo("no");
    Files.createFile(jar);
    FileTime now = Files.getLastModifiedTime(jar);
    assertThat(bash(fresh, Map.of(), folder, stamp)).isEqualTo("yes");
    for (Path newer : List.of(stamp, source)) {
      Files.setLastModifiedTime(newer, FileTime.from(now.toInstant().plusSeconds(10)));
      assertThat(bash(fresh, Map.of(), folder, stamp)).as(newer.toString()).isEqualTo("no");
      Files.setLastModifiedTime(newer, now);
    }
  }

  @Test
  void argfileOfTornadoVmIsMergedWithTheLaunchersFlags() throws Exception {
    Path sdk = sdk("an R&D sdk", "5.2.0-jdk25");
    String template = """
        # === JVM mode ===
        -server
        -XX:+EnableJVMCI -XX:+UseParallelGC
        -Xmx4g
        -Dtornado.recover.bailout=True
        -Djava.library.path=${TORNADOVM_HOME}/lib

        --module-path .:${TORNADOVM_HOME}/share/java/tornado
        --upgrade-module-path ${TORNADOVM_HOME}/share/java/graalJars
        --add-modules ALL-SYSTEM,tornado.runtime
        --enable-native-access=tornado.drivers.opencl
        --add-exports=jdk.internal.vm.ci/jdk.vm.ci.code=tornado.runtime""";
    Files.writeString(sdk.resolve("tornado-argfile.template"), template);
    String read = "source \"$1\"; check_tornado; echo \"says $TORNADO_SAYS\"; printf '%s\\n' \"$TORNADO_PATH\" \"$TORNADO_MODULES\" \"${TORNADO_FLAGS[@]}\"";
    Map<String, String> home = Map.of("TORNADOVM_HOME", sdk.toString());
    List<String> merged = List.of("says ", sdk + "/share/java/tornado", "ALL-SYSTEM,tornado.runtime", "-server", "-XX:+EnableJVMCI",
        "-Djava.library.path=" + sdk + "/lib", "--upgrade-module-path=" + sdk + "/share/java/graalJars", "--enable-native-access=tornado.drivers.opencl",
        "--add-exports=jdk.internal.vm.ci/jdk.vm.ci.code=tornado.runtime");
    assertThat(bash(read, home).lines()).containsExactlyElementsOf(merged);

    // The SDK's own file, made of the template at its first use, comes before it; the folder's space is not quoted there.
    Files.writeString(sdk.resolve("tornado-argfile"), template.replace("${TORNADOVM_HOME}", sdk.toString()).replace("\n", "\r\n")
        + "\n-Dmore=1 \"-Dquoted=1 and 2\" --add-opens a/b=c --add-opens=d/e=f\n");
    List<String> more = new ArrayList<>(merged);
    more.addAll(List.of("-Dmore=1", "-Dquoted=1 and 2", "--add-opens=a/b=c", "--add-opens=d/e=f"));
    assertThat(bash(read, home).lines()).containsExactlyElementsOf(more);

    // That of a folder which is gone, or of another SDK, gives way to the template.
    Path other = sdk("other", "5.2.0-jdk25");
    for (String elsewhere : List.of("/no/such/folder", other.toString())) {
      Files.writeString(sdk.resolve("tornado-argfile"), template.replace("${TORNADOVM_HOME}", elsewhere));
      assertThat(bash(read, home).lines()).containsExactlyElementsOf(merged);
    }
    Files.delete(sdk.resolve("tornado-argfile.template"));
    assertThat(bash(read, home).lines().findFirst().orElseThrow()).contains(sdk + "/tornado-argfile is that of another SDK, in " + other);
    Files.writeString(sdk.resolve("tornado-argfile"), template.replace("${TORNADOVM_HOME}", "/no/such/folder"));
    assertThat(bash(read, home).lines().findFirst().orElseThrow()).contains(sdk + "/tornado-argfile", "/no/such/folder/share/java/tornado", "delete tornado-argfile");
    Files.writeString(sdk.resolve("tornado-argfile"), "-server\n");
    assertThat(bash(read, home).lines().findFirst().orElseThrow()).contains("no --module-path", "unpack the SDK anew");

    Files.writeString(sdk.resolve("tornado-argfile"), template);
    Files.delete(sdk.resolve("share/java/graalJars/word-25.0.2.jar"));
    assertThat(bash(read, home).lines().findFirst().orElseThrow()).contains(sdk + " is not complete", "graalJars has no word-*.jar", "unpack or build the SDK anew");
  }

  @Test
  void archiveOfClassesIsThatOfTheCommandAndBuildAndGoesWhenTheJarIsNewer() throws Exception {
    Path target = Files.createDirectories(folder.resolve("built/decoder/target"));
    Path jar = Files.createFile(target.resolve("gatun-decoder-1.jar"));
    Path stamp = Files.writeString(target.resolve("launcher.stamp"), "0 77\n");
    String chosen = "source \"$1\"; ROOT=$2 decoder=$3 STAMP=$4; choose_archive $WORDS; echo \"${ARCHIVE##*/}\"";
    for (Map.Entry<String, String> on : Map.of("", "launcher-other-77.jsa", "run --model x", "launcher-run-77.jsa", "bench", "launcher-bench-77.jsa", "../x",
        "launcher-other-77.jsa", "info", "launcher-other-77.jsa").entrySet()) {
      assertThat(bash(chosen, Map.of("WORDS", on.getKey()), folder.resolve("built"), jar, stamp)).as(on.getKey()).isEqualTo(on.getValue());
    }
    Path archive = Files.createFile(target.resolve("launcher-run-77.jsa"));
    Files.setLastModifiedTime(archive, FileTime.from(Files.getLastModifiedTime(jar).toInstant().plusSeconds(10)));
    bash(chosen, Map.of("WORDS", "run"), folder.resolve("built"), jar, stamp);
    assertThat(archive).exists();
    Files.setLastModifiedTime(jar, FileTime.from(Files.getLastModifiedTime(archive).toInstant().plusSeconds(10)));
    bash(chosen, Map.of("WORDS", "run"), folder.resolve("built"), jar, stamp);
    assertThat(archive).doesNotExist();
    // Built before builds had a number.
    Files.writeString(stamp, "0\n");
    assertThat(bash(chosen, Map.of("WORDS", "run"), folder.resolve("built"), jar, stamp)).isEqualTo("launcher-run-0.jsa");
  }

  @Test
  void jdkIsOneThatTornadoVmIsFor() throws Exception {
    Path newer = java("newer", "26", true);
    Path wanted = java("wanted", "25.0.1", true);
    String found = "source \"$1\"; list_candidates() { CANDIDATES=(\"$JAVA_HOME\" $OTHERS); }; choose_tornado $WORDS; find_jdk; echo \"$JDK $TORNADO $TORNADO_ABSENT\"";
    for (Map.Entry<String, Path> on : Map.of("5.2.0-jdk25", wanted, "7.0.1-jdk22plus", newer, "9-jdk26plus", newer, "8.0.0-jdk26-dev", newer).entrySet()) {
      Path sdk = sdk(on.getKey(), on.getKey());
      Files.writeString(sdk.resolve("tornado-argfile.template"), "--module-path ${TORNADOVM_HOME}/share/java/tornado\n--add-modules ALL-SYSTEM\n");
      Map<String, String> both = Map.of("TORNADOVM_HOME", sdk.toString(), "JAVA_HOME", newer.toString(), "OTHERS", wanted.toString(), "WORDS", "run --backend tornado");
      assertThat(bash(found, both)).as(on.getKey()).isEqualTo(on.getValue() + " true");
    }
    Map<String, String> newerAlone = Map.of("TORNADOVM_HOME", folder.resolve("5.2.0-jdk25").toString(), "JAVA_HOME", newer.toString(), "OTHERS", "");
    assertThat(bash(found, with(newerAlone, "WORDS", "run --backend tornado"))).hasLineCount(1)
        .startsWith("gatun: TornadoVM 5.2.0-jdk25 in TORNADOVM_HOME=").contains("runs on JDK 25, and none is found (JAVA_HOME=" + newer + " holds JDK 26)", "set JAVA_HOME to a JDK 25");
    assertThat(bash(found, with(newerAlone, "WORDS", "backends"))).startsWith(newer + " false TornadoVM 5.2.0-jdk25 in");
    assertThat(bash(found, with(newerAlone, "WORDS", "run"))).isEqualTo(newer + " false");
  }

  @Test
  void whatKeepsTornadoVmFromRunningIsSaidInOneLine() throws Exception {
    Map<String, String> said = Map.of("", "TORNADOVM_HOME is not set", folder.resolve("nothing").toString(), "tornado-api-*.jar is missing",
        sdk("old", "4.0.0-jdk21").toString(), "tornado-api-4.0.0-jdk21.jar, which is not for JDK 25 or later", sdk("older", "1.0.8").toString(),
        "tornado-api-1.0.8.jar, which is not for JDK 25 or later", sdk("bare", "7.0.1-jdk22plus").toString(), "neither tornado-argfile nor");
    for (Map.Entry<String, String> entry : said.entrySet()) {
      Map<String, String> home = Map.of("TORNADOVM_HOME", entry.getKey());
      String refused = bash("source \"$1\"; choose_tornado run --backend tornado; echo never", home);
      assertThat(refused).startsWith("gatun: TORNADOVM_HOME").contains(entry.getKey(), entry.getValue()).doesNotContain("never").hasLineCount(1);
      assertThat(refused).containsAnyOf("set it to the folder", "set TORNADOVM_HOME to", "unpack the SDK");
      // A list of what there is goes on without it, and says so where one was named.
      assertThat(bash("source \"$1\"; choose_tornado backends; echo \"$TORNADO $TORNADO_ABSENT\"", home))
          .startsWith(entry.getKey().isEmpty() ? "false" : "false TORNADOVM_HOME=" + entry.getKey());
      assertThat(bash("source \"$1\"; choose_tornado run; echo $TORNADO", home)).isEqualTo("false");
    }
  }

  @Test
  void tornadoVmIsForWhoAsksForItAndForListsOfAllThereIs() throws Exception {
    Path sdk = sdk("sdk", "7.0.1-jdk22plus");
    Files.writeString(sdk.resolve("tornado-argfile"), "--module-path " + sdk + "/share/java/tornado\n--add-modules ALL-SYSTEM\n");
    for (Map.Entry<String, String> on : Map.of("run --backend tornado", "true", "validate --backend=tornado", "true", "backends --json", "true", "run", "false",
        "run --backend tornado-emulated", "false", "bench --backend cpu", "false", "explain backends", "false").entrySet()) {
      assertThat(bash("source \"$1\"; choose_tornado $WORDS; echo $TORNADO", Map.of("TORNADOVM_HOME", sdk.toString(), "WORDS", on.getKey())))
          .as(on.getKey()).isEqualTo(on.getValue());
    }
  }

  private Path sdk(String name, String version) throws IOException {
    Path home = folder.resolve(name);
    Files.createFile(Files.createDirectories(home.resolve("share/java/tornado")).resolve("tornado-api-" + version + ".jar"));
    Path compiler = Files.createDirectories(home.resolve("share/java/graalJars"));
    for (String part : List.of("compiler", "collections", "word", "truffle-compiler")) {
      Files.createFile(compiler.resolve(part + "-25.0.2.jar"));
    }
    return home;
  }

  private static Map<String, String> with(Map<String, String> map, String key, String value) {
    Map<String, String> more = new HashMap<>(map);
    more.put(key, value);
    return more;
  }

  private Path java(String name, String version, boolean compiler) throws IOException {
    Path home = folder.resolve(name);
    Path programs = Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    for (String program : compiler ? List.of("java", "javac") : List.of("java")) {
      assertThat(Files.createFile(programs.resolve(program)).toFile().setExecutable(true)).isTrue();
    }
    return home;
  }

  /** What a command prints, error stream included; {@code $1} is the script and the arguments follow. */
  private static String bash(String command, Map<String, String> environment, Path... arguments) throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("/bin/bash", "-c", command, "bash", script.toString()));
    for (Path argument : arguments) {
      words.add(argument.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().remove("JAVA_HOME");
    builder.environment().remove("TORNADOVM_HOME");
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output.strip();
  }
}

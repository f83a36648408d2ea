package dev.gatun.tornado;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import java.lang.module.ModuleDescriptor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Whether TornadoVM, or the emulator of its interface, is in this JVM, and its devices. */
final class Installation {
  /** Which device, as TornadoVM numbers them: {@code driver:device}; default {@code 0:0}. */
  static final String DEVICE = "device";

  /** The option that has every device served as a processor, {@code cpu}, or as a GPU, {@code gpu}: by it tests reach the kernels that their own device would not choose. */
  static final String FORMS = "forms";

  /** The option that has every device served as one of so many bytes of local memory, if it has more: for the same. */
  static final String LOCAL_MEMORY = "local-memory";

  private static final List<String> OPTIONS = List.of(DEVICE, FORMS, LOCAL_MEMORY);
  private static final String API = "uk.ac.manchester.tornado.api.TaskGraph";
  private static final String EMULATED = "emulated";
  private static final String BAILOUT = "tornado.recover.bailout";
  private static final String LINES = "5.2.0-jdk25 or 7.0.1-jdk22plus";
  private static final String START = "./gatun with --backend tornado, or java @$TORNADOVM_HOME/tornado-argfile";
  private static final int LEAST_JAVA = 25;

  /** Why the launcher started this JVM without TornadoVM although there is a folder for it. */
  private static final String ABSENT = "gatun.tornado.absent";

  /** The end of a version: for one JDK, or for one and all later ones. */
  private static final Pattern LINE = Pattern.compile("jdk(\\d+)(plus)?");

  private Installation() {}

  /** Why there is none; empty if there is. {@code emulated} tells which of the two is asked about. */
  static Optional<String> refusal(boolean emulated, BackendOptions options) {
    try {
      Class.forName(API, false, Installation.class.getClassLoader());
      settle();
      Optional<String> other = emulated ? Optional.empty() : otherLine(version(), Runtime.version().feature());
      if (other.isEmpty()) {
        device(emulated, options);
      }
      return other;
    } catch (ClassNotFoundException | NoClassDefFoundError e) {
      return Optional.of(absent(emulated));
    } catch (UnsupportedClassVersionError e) {
      return Optional.of("the TornadoVM in this JVM is not for this JDK: " + e.getMessage() + "; use " + LINES);
    } catch (LinkageError e) {
      return Optional.of("TornadoVM does not start in this JVM (" + e + "); run " + START);
    } catch (GatunException e) {
      return Optional.of(e.getMessage());
    }
  }

  private static String absent(boolean emulated) {
    if (emulated) {
      return "the emulator of TornadoVM's interface is not on the class path; it is built with the project and not published";
    }
    String found = System.getProperty(ABSENT);
    if (found != null) {
      return "TornadoVM is not in this JVM: " + found;
    }
    String home = System.getenv("TORNADOVM_HOME");
    return home == null || home.isBlank()
        ? "TornadoVM is not on this machine: unpack a TornadoVM SDK (" + LINES + ", from https://www.tornadovm.org), set TORNADOVM_HOME to its folder and run "
            + START
        : "TornadoVM is not in this JVM: TORNADOVM_HOME is " + home + ", so run " + START;
  }

  /** A kernel that TornadoVM cannot compile must fail: it would otherwise be run as Java and look as if the device had done it. */
  private static void settle() {
    String set = System.getProperty(BAILOUT);
    if (set != null && !set.equalsIgnoreCase("false")) {
      throw new GatunException("-D" + BAILOUT + "=" + set + " lets TornadoVM run kernels as Java where it cannot compile them; leave the flag out");
    }
    System.setProperty(BAILOUT, "False");
    // Room for the graph of as many launches as a graph takes; TornadoVM keeps a buffer of this size for each.
    setDefault("tornado.tvm.maxbytecodesize", Integer.toString(1 << 16));
    // The default has -cl-fast-relaxed-math, under which there is neither NaN nor infinity.
    setDefault("tornado.opencl.compiler.flags", "-w");
    // Else no function of more than some hundred nodes is inlined, and what decodes a block has more.
    setDefault("tornado.compiler.fullInlining", "True");
    // What there is the device knows better than a flag.
    setDefault("tornado.device.memory", "1024GB");
  }

  private static void setDefault(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** The version of TornadoVM in this JVM. */
  static String version() {
    return Optional.ofNullable(TornadoRuntime.class.getPackage().getImplementationVersion())
        .or(() -> Optional.ofNullable(TornadoRuntime.class.getModule().getDescriptor()).flatMap(ModuleDescriptor::rawVersion)).orElse("of unknown version");
  }

  /** What is wrong with a version that says for which JDK it is, on a JVM of that feature version; empty if nothing is, or it does not say. */
  static Optional<String> otherLine(String version, int java) {
    Matcher line = LINE.matcher(version);
    if (!line.find()) {
      return Optional.empty();
    }
    int wanted = Integer.parseInt(line.group(1));
    boolean later = line.group(2) != null;
    if (!later && wanted < LEAST_JAVA) {
      return Optional.of("TornadoVM " + version + " is not for JDK " + LEAST_JAVA + " or later; use " + LINES);
    }
    return java == wanted || later && java > wanted ? Optional.empty()
        : Optional.of("TornadoVM " + version + " runs on JDK " + wanted + (later ? " or later" : "") + " and this is " + java
            + "; start that JDK, or use a TornadoVM for this one (" + LINES + ")");
  }

  /** The device asked for. @throws GatunException naming those there are, if it is not among them */
  static TornadoDevice device(boolean emulated, BackendOptions options) {
    for (String option : options.values().keySet()) {
      if (!OPTIONS.contains(option)) {
        throw new GatunException("unknown option '" + option + "'; it takes " + OPTIONS);
      }
    }
    forms(options);
    localMemory(options);
    Map<String, TornadoDevice> all = all();
    if (!all.isEmpty() && all.values().stream().noneMatch(device -> isEmulated(device) == emulated)) {
      throw new GatunException(emulated ? "TornadoVM itself is in this JVM, in place of its emulator" : absent(false));
    }
    String asked = options.get(DEVICE).orElse("0:0").strip();
    TornadoDevice device = all.get(asked);
    if (device == null) {
      throw new GatunException("TornadoVM has no device '" + asked + "'; it has " + (all.isEmpty() ? "none: is there an OpenCL driver?" : devices()));
    }
    return device;
  }

  /** Whether to choose kernels as for a processor; empty where the device itself tells. @throws GatunException if the option is neither cpu nor gpu */
  static Optional<Boolean> forms(BackendOptions options) {
    return options.get(FORMS).map(asked -> switch (asked.strip()) {
      case "cpu" -> true;
      case "gpu" -> false;
      default -> throw new GatunException("option " + FORMS + " is cpu or gpu, not '" + asked + "'");
    });
  }

  /** The most local memory to count on, in bytes. @throws GatunException if the option is no such number */
  static long localMemory(BackendOptions options) {
    return options.get(LOCAL_MEMORY).map(asked -> {
      try {
        return Long.parseUnsignedLong(asked.strip());
      } catch (NumberFormatException _) {
        throw new GatunException("option " + LOCAL_MEMORY + " is a number of bytes, not '" + asked + "'");
      }
    }).orElse(Long.MAX_VALUE);
  }

  private static boolean isEmulated(TornadoDevice device) {
    return EMULATED.equals(device.getDeviceName());
  }

  /** Every device as {@code number name}, separated by commas. */
  static String devices() {
    return all().entrySet().stream().map(e -> e.getKey() + " " + e.getValue().getPhysicalDevice().getDeviceName().strip()).collect(Collectors.joining(", "));
  }

  private static Map<String, TornadoDevice> all() {
    TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
    Map<String, TornadoDevice> all = new LinkedHashMap<>();
    for (int b = 0; b < runtime.getNumBackends(); b++) {
      for (int d = 0; d < runtime.getBackend(b).getNumDevices(); d++) {
        all.put(b + ":" + d, runtime.getBackend(b).getDevice(d));
      }
    }
    return all;
  }
}

package dev.gatun.tornado;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import dev.gatun.spi.Availability;
import java.util.Optional;
import java.util.Set;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Whether TornadoVM, or the emulator of its interface, is in this JVM, and its devices. */
final class Installation {
  /** Which device, as TornadoVM numbers them: {@code driver:device}; default {@code 0:0}. */
  static final String DEVICE = "device";

  private static final String API = "uk.ac.manchester.tornado.api.TaskGraph";
  private static final String EMULATED = "emulated";
  private static final String BAILOUT = "tornado.recover.bailout";

  private Installation() {}

  /** Why there is none; empty if there is. {@code emulated} tells which of the two is asked about. */
  static Optional<String> refusal(boolean emulated, BackendOptions options) {
    try {
      Class.forName(API, false, Installation.class.getClassLoader());
      settle();
      device(emulated, options);
      return Optional.empty();
    } catch (ClassNotFoundException | NoClassDefFoundError e) {
      return Optional.of(absent(emulated));
    } catch (UnsupportedClassVersionError e) {
      return Optional.of("the TornadoVM in this JVM is of another line than those for JDK 25 and later (" + e.getMessage() + "); use 5.2.0-jdk25 or later");
    } catch (LinkageError e) {
      return Optional.of("TornadoVM does not start in this JVM (" + e + "); run with ./gatun --backend tornado, or java @$TORNADOVM_HOME/tornado-argfile");
    } catch (GatunException e) {
      return Optional.of(e.getMessage());
    }
  }

  private static String absent(boolean emulated) {
    return emulated ? "the emulator of TornadoVM's interface is not on the class path; it is built with the project and not published"
        : "TornadoVM is not on this machine; install its SDK for JDK 25 (https://www.tornadovm.org), set TORNADOVM_HOME to it and run ./gatun --backend tornado";
  }

  /** A kernel that TornadoVM cannot compile must fail: it would otherwise be run as Java and look as if the device had done it. */
  private static void settle() {
    String set = System.getProperty(BAILOUT);
    if (set != null && !set.equalsIgnoreCase("false")) {
      throw new GatunException("-D" + BAILOUT + "=" + set + " lets TornadoVM run kernels as Java where it cannot compile them; leave the flag out");
    }
    System.setProperty(BAILOUT, "False");
    // Room for the graph of a whole model; the default of 4096 bytes holds some fifty kernels.
    setDefault("tornado.tvm.maxbytecodesize", Integer.toString(1 << 22));
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
        .or(() -> Optional.ofNullable(TornadoRuntime.class.getModule().getDescriptor()).flatMap(d -> d.rawVersion())).orElse("of unknown version");
  }

  /** The device asked for. @throws GatunException naming those there are, if it is not among them */
  static TornadoDevice device(boolean emulated, BackendOptions options) {
    for (String option : options.values().keySet()) {
      if (!option.equals(DEVICE)) {
        throw new GatunException("unknown option '" + option + "'; it takes " + Set.of(DEVICE));
      }
    }
    String asked = options.get(DEVICE).orElse("0:0").strip();
    TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
    StringBuilder all = new StringBuilder();
    for (int b = 0; b < runtime.getNumBackends(); b++) {
      for (int d = 0; d < runtime.getBackend(b).getNumDevices(); d++) {
        TornadoDevice device = runtime.getBackend(b).getDevice(d);
        if (EMULATED.equals(device.getDeviceName()) != emulated) {
          throw new GatunException(absent(emulated));
        }
        if (asked.equals(b + ":" + d)) {
          return device;
        }
        all.append(all.isEmpty() ? "" : ", ").append(b).append(':').append(d).append(' ').append(device.getPhysicalDevice().getDeviceName().strip());
      }
    }
    throw new GatunException("TornadoVM has no device '" + asked + "'; it has " + (all.isEmpty() ? "none: is there an OpenCL driver?" : all));
  }
}

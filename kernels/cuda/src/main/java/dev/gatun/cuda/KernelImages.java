package dev.gatun.cuda;

import dev.gatun.GatunException;
import dev.gatun.cuda.kernel.Manifest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/** A set of kernel images on the class path or module path: the manifest and one image a unit, in a folder of resources. */
final class KernelImages {
  /** The fatbins for devices. */
  static final String DEVICE = "META-INF/gatun/cuda/";
  /** The emulator, its library and the names of its units. */
  static final String EMULATOR = "META-INF/gatun/cuda-emulator/";

  private final String folder;
  private final Manifest manifest;

  private KernelImages(String folder, Manifest manifest) {
    this.folder = folder;
    this.manifest = manifest;
  }

  /** The images in a folder of resources; empty if there are none. @throws GatunException if their manifest cannot be read */
  static Optional<KernelImages> find(String folder) {
    return bytes(folder + "manifest")
        .map(text -> new KernelImages(folder, Manifest.parse(folder + "manifest", new String(text, StandardCharsets.UTF_8))));
  }

  /** Why the build made no images, if it says so. */
  static Optional<String> reason(String folder) {
    return bytes(folder + "reason").map(text -> new String(text, StandardCharsets.UTF_8).strip());
  }

  /** A resource on the class path or module path, wherever the kernels' jar is. */
  static Optional<URL> resource(String name) {
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    URL url = KernelImages.class.getClassLoader().getResource(name);
    return Optional.ofNullable(url == null && context != null ? context.getResource(name) : url);
  }

  static Optional<byte[]> bytes(String name) {
    return resource(name).map(url -> {
      try (InputStream in = url.openStream()) {
        return in.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + url, e);
      }
    });
  }

  Manifest manifest() {
    return manifest;
  }

  /** A unit's image. @throws GatunException if it is missing or is not the one that the manifest was made with */
  byte[] image(String unitName) {
    Manifest.Unit unit = manifest.unit(unitName);
    byte[] image = bytes(folder + unit.image()).orElseThrow(() -> new GatunException(folder + unit.image()
        + " is missing; use matching versions of gatun-cuda and its kernels"));
    if (!unit.sha256().isEmpty() && !unit.sha256().equals(sha256(image))) {
      throw new GatunException(folder + unit.image() + " is not the image that its manifest was made with; use matching versions of gatun-cuda and its kernels");
    }
    return image;
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}

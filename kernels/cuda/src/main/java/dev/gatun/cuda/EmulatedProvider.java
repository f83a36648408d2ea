package dev.gatun.cuda;

import dev.gatun.BackendOptions;
import dev.gatun.GatunException;
import dev.gatun.ffi.cuda.Cuda;
import dev.gatun.ffi.cuda.CudaException;
import dev.gatun.ffi.cuda.CudaUnavailableException;
import dev.gatun.spi.Availability;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.BackendProvider;
import dev.gatun.spi.Spi;

/** The backend named {@code cuda-emulated}: the same kernels and the same calls, on the host emulator. For tests; it is hundreds of times slower. */
public final class EmulatedProvider implements BackendProvider {
  /** Below every other: it is only for those who ask for it. */
  private static final int SCORE = 1;
  private static final long COPY_BYTES = 1L << 24;

  /** For {@link java.util.ServiceLoader}. */
  public EmulatedProvider() {}

  @Override
  public int apiVersion() {
    return Spi.VERSION;
  }

  @Override
  public String name() {
    return "cuda-emulated";
  }

  @Override
  public String description() {
    return "the CUDA kernels on a host emulator that checks every access; for tests, not for speed";
  }

  @Override
  public Availability probe(BackendOptions options) {
    try {
      EmulatorLibrary.check();
      images();
      return Availability.yes(SCORE);
    } catch (GatunException e) {
      return Availability.no(e.getMessage());
    }
  }

  @Override
  public BackendDriver open(BackendOptions options) {
    CudaProvider.check(name(), options);
    KernelImages images = images();
    try {
      Cuda cuda = Cuda.load(EmulatorLibrary.path());
      return Calls.get(() -> new CudaDriver(cuda, CudaProvider.device(cuda, options), images, new CopyBandwidth(COPY_BYTES),
          options));
    } catch (CudaUnavailableException | CudaException e) {
      throw new GatunException("cuda-emulated: " + e.getMessage(), e);
    }
  }

  private static KernelImages images() {
    return KernelImages.find(KernelImages.EMULATOR).orElseThrow(EmulatorLibrary::absent);
  }
}

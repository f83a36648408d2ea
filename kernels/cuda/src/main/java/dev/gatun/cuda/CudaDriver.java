package dev.gatun.cuda;

import dev.gatun.BackendOptions;
import dev.gatun.Buffer;
import dev.gatun.Case;
import dev.gatun.DeviceProperties;
import dev.gatun.GatunException;
import dev.gatun.KvCache;
import dev.gatun.Prepared;
import dev.gatun.Program;
import dev.gatun.ShapeException;
import dev.gatun.Tensor;
import dev.gatun.Use;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.op.OperatorKernels;
import dev.gatun.ffi.cuda.Context;
import dev.gatun.ffi.cuda.Cuda;
import dev.gatun.ffi.cuda.Device;
import dev.gatun.ffi.cuda.DeviceAttribute;
import dev.gatun.ffi.cuda.Stream;
import dev.gatun.spi.BackendDriver;
import dev.gatun.spi.Decision;
import dev.gatun.spi.DeviceCache;
import dev.gatun.spi.DeviceExecutable;
import dev.gatun.spi.DeviceMemory;
import dev.gatun.spi.DeviceStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;

/** One CUDA device, or the emulator of one. */
final class CudaDriver implements BackendDriver {
  /** Drivers from CUDA 12.3 on capture programmatic launches into graphs as what they are. */
  private static final int PROGRAMMATIC_GRAPHS = 12030;

  private final Context context;
  private final LoadedKernels kernels;
  private final Gpu gpu;
  private final CopyBandwidth copies;
  private final DeviceProperties properties;
  private final Stream own;
  private final WeightUpload upload;
  private final Compiler compiler;

  CudaDriver(Cuda cuda, Device device, KernelImages images, CopyBandwidth copies, BackendOptions options) {
    this.copies = copies;
    this.context = device.primaryContext();
    Stream stream = null;
    try {
      this.kernels = new LoadedKernels(context, images);
      this.gpu = new Gpu(device.computeCapability(), device.attribute(DeviceAttribute.MULTIPROCESSOR_COUNT),
          device.attribute(DeviceAttribute.MAX_SHARED_MEMORY_PER_BLOCK_OPTIN), images.manifest());
      this.properties = facts(cuda, device, images);
      stream = context.newStream();
      this.own = stream;
      this.compiler = new Compiler(gpu, context, kernels, this::allocate, CudaProvider.isOn(options, CudaProvider.GRAPH),
          CudaProvider.isOn(options, CudaProvider.FUSE), programmatic(cuda, options));
      this.upload = new WeightUpload(gpu, own, compiler);
    } catch (RuntimeException | Error e) {
      List<Runnable> made = new ArrayList<>();
      if (stream != null) {
        made.add(stream::close);
      }
      made.add(context::close);
      Release.after(e, made);
      throw e;
    }
  }

  /** As the option says. @throws GatunException if it is on for a device or for kernels that cannot */
  private boolean programmatic(Cuda cuda, BackendOptions options) {
    boolean emulated = gpu.manifest().architectures().isEmpty();
    boolean can = gpu.programmatic() && cuda.driverVersion() >= PROGRAMMATIC_GRAPHS;
    String asked = options.get(CudaProvider.PROGRAMMATIC).orElse(can ? "on" : "off");
    if (asked.equals("on") && !can && !emulated) {
      throw new GatunException("cuda: option " + CudaProvider.PROGRAMMATIC + "=on needs a device of compute capability 9.0, kernels built for it and a driver for "
          + "CUDA 12.3; here are " + gpu.computeCapability() / 10 + "." + gpu.computeCapability() % 10 + ", " + gpu.manifest().architectures() + " and "
          + cuda.driverVersionText() + "; leave the option out");
    }
    return asked.equals("on");
  }

  private static DeviceProperties facts(Cuda cuda, Device device, KernelImages images) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("driver", cuda.driverVersionText());
    facts.put("library", cuda.library());
    facts.put("compute capability", device.computeCapability() / 10 + "." + device.computeCapability() % 10);
    facts.put("kernels", images.manifest().architectures().isEmpty() ? "built for the emulator" : String.join(" ", images.manifest().architectures()));
    images.manifest().toolkit().ifPresent(toolkit -> facts.put("toolkit", toolkit));
    facts.put("uuid", device.uuid());
    return new DeviceProperties(device.name(), "gpu", device.totalMemory(), device.attribute(DeviceAttribute.MULTIPROCESSOR_COUNT), Compiler.ALIGNMENT, false,
        facts);
  }

  @Override
  public DeviceProperties properties() {
    return properties;
  }

  @Override
  public double bandwidth() {
    return Calls.get(() -> copies.measured(context));
  }

  @Override
  public DeviceMemory allocate(long bytes) {
    return Calls.get(() -> new CudaMemory(context.allocate(Math.max(1, bytes)), bytes));
  }

  @Override
  public Decision plan(Case wanted) {
    return OperatorKernels.plan(wanted.operator(), gpu);
  }

  @Override
  public Prepared prepare(Tensor weight, Use use, LongFunction<Buffer> allocate) {
    synchronized (own) {
      return upload.prepare(weight, use, allocate);
    }
  }

  @Override
  public DeviceStream newStream() {
    return Calls.get(() -> new CudaStream(context, context.newStream()));
  }

  @Override
  public DeviceCache newCache(KvCache.Spec spec) {
    if (!CudaCache.TYPES.contains(spec.dtype())) {
      throw new ShapeException("cuda: a cache keeps F32, F16, BF16, F8_E4M3, F8_E5M2 or Q8_0, not " + spec.dtype());
    }
    int block = spec.dtype().blockSize();
    if (spec.keySize() % block != 0 || spec.valueSize() % block != 0) {
      throw new ShapeException("cuda: keys of " + spec.keySize() + " and values of " + spec.valueSize() + " elements are no whole blocks of " + block + " of "
          + spec.dtype() + "; keep them as F16 or BF16");
    }
    synchronized (own) {
      return new CudaCache(spec, this::allocate, new CudaStream(context, own));
    }
  }

  @Override
  public DeviceExecutable compile(Program program) {
    return compiler.compile(program);
  }

  @Override
  public void close() {
    Calls.run(() -> Release.all(List.of(own::close, kernels::close, context::close)));
  }
}

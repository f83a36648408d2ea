package dev.gatun.cuda.op;

import dev.gatun.KvAppend;
import dev.gatun.KvCache;
import dev.gatun.cuda.kernel.Gpu;
import dev.gatun.cuda.kernel.LaunchBuilder;
import dev.gatun.spi.Decision;
import java.util.List;

/** kv_append: a warp a row of one head. */
final class KvAppendKernel implements OperatorKernel<KvAppend> {
  private static final String KERNEL = "kv_append_128";
  private static final int WARPS = 4;

  @Override
  public Decision plan(KvAppend o, Gpu gpu) {
    KvCache.Spec spec = o.kv().spec();
    return Plans.refusal(o).or(() -> CacheGeometry.refusal(spec)).orElseGet(() -> new CudaPlan(KERNEL, "a warp a row of a head", 0,
        CudaPlan.bytes(o) + o.k().size(0) * spec.bytesPerTokenAndLayer(), 0, List.of()));
  }

  @Override
  public void bind(KvAppend o, CudaPlan plan, Binding binding) {
    CachePages pages = binding.cache(o.kv());
    KvCache.Spec spec = pages.spec();
    RowShape rows = RowShape.of(binding, o.k(), o.v(), o.batch().positions());
    LaunchBuilder launch = binding.launch(plan.kernel());
    rows.pass(launch, "k", o.k(), binding);
    rows.pass(launch, "v", o.v(), binding);
    CacheGeometry.pass(launch, o.batch(), binding);
    CacheGeometry.pass(launch, pages);
    long keys = pages.layer(o.layer());
    launch.pointer("keys", keys).pointer("values", keys + spec.pageTokens() * pages.keyBytes())
        .set("page_bytes", spec.heads() * pages.headBytes()).set("head_bytes", pages.headBytes()).set("key_bytes", pages.keyBytes())
        .set("value_bytes", pages.valueBytes()).set("heads", spec.heads())
        .set("key_size", spec.keySize()).set("value_size", spec.valueSize()).set("kept", spec.dtype())
        .grid(Plans.blocks(Math.ceilDiv(2 * rows.rows(), WARPS), binding.gpu()));
  }
}

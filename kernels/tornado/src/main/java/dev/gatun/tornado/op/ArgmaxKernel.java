package dev.gatun.tornado.op;

import dev.gatun.Argmax;
import dev.gatun.spi.Decision;
import dev.gatun.tornado.kernel.Grid;
import dev.gatun.tornado.kernel.Largest;
import dev.gatun.tornado.kernel.Launch;
import dev.gatun.tornado.kernel.Place;
import java.util.ArrayList;
import java.util.List;

/** Argmax: a work-group a part of a row, as many parts as keep the device busy, then the best of each row's parts. */
final class ArgmaxKernel implements OperatorKernel<Argmax> {
  private static final int LEAST_PART = 2048;
  private static final int GROUPS_A_UNIT = 4;

  private static int parts(Argmax operator, Traits traits) {
    long wanted = Math.ceilDiv((long) GROUPS_A_UNIT * traits.units(), Math.max(1, operator.x().size(0)));
    return Math.clamp(Math.min(wanted, operator.x().size(1) / LEAST_PART), 1, Traits.MOST_LOCAL);
  }

  @Override
  public Decision plan(Argmax operator, Traits traits) {
    int parts = parts(operator, traits);
    long groups = operator.x().size(0) * parts;
    long workspace = parts == 1 ? 0 : 2L * Integer.BYTES * groups;
    return Shapes.refusal(operator, traits, groups, Largest.PARTS, Largest.BEST).map(Decision.class::cast)
        .orElseGet(() -> new TornadoPlan(Largest.PARTS.name(), parts + " parts a row", workspace, Shapes.bytes(operator), operator.x().shape().elements(), List.of()));
  }

  @Override
  public List<Launch> launches(Argmax operator, Traits traits, Binding binding) {
    int parts = parts(operator, traits);
    long n = operator.x().size(1);
    long rows = operator.x().size(0);
    Shapes.Count count = Shapes.Count.of(binding, operator);
    Place y = binding.place(operator.y());
    Place values = parts == 1 ? binding.place(operator.x()) : binding.workspace();
    Place indices = parts == 1 ? y : new Place(values.slab(), Math.toIntExact(values.offset() + 4 * rows * parts));
    List<Launch> launches = new ArrayList<>();
    launches.add(Launch.of(Largest.PARTS)
        .integers(n, Math.ceilDiv(n, (long) parts), parts, rows, count.index(), Shapes.type(operator.x()), binding.index(operator.x()), Shapes.stride(operator.x(), 0))
        .integers(parts == 1 ? 0 : values.index(4), indices.index(4))
        .memory(binding.place(operator.x())).memory(count.place()).memory(values).memory(indices)
        .over(Grid.groups(rows * parts, traits.local())));
    if (parts > 1) {
      launches.add(Launch.of(Largest.BEST).integers(parts, rows, count.index(), values.index(4), indices.index(4), binding.index(operator.y()))
          .memory(values).memory(indices).memory(count.place()).memory(y).over(Grid.groups(rows, traits.local())));
    }
    return launches;
  }
}

package dev.gatun.ffi.cuda;

import static dev.gatun.ffi.cuda.StreamTest.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GraphTest {
  private Map<String, Long> before;
  private Context context;
  private Module module;
  private Function function;
  private Stream stream;

  @BeforeEach
  void open() {
    Cuda cuda = Emulator.cuda();
    before = Emulator.live();
    context = cuda.device(0).primaryContext();
    module = context.loadModule(Emulator.image(RmsNorm.UNIT));
    function = module.function(RmsNorm.SYMBOL);
    stream = context.newStream();
  }

  @AfterEach
  void nothingIsLeft() {
    stream.close();
    module.close();
    context.close();
    assertThat(Emulator.live()).isEqualTo(before);
    assertThat(HostFunctions.count()).isZero();
  }

  @Test
  void aCapturedLaunchIsReplayedOnNewContent() {
    try (RmsNorm norm = new RmsNorm(context, 3, 100, 7); RmsNorm next = new RmsNorm(context, 3, 100, 8)) {
      norm.upload(stream);
      stream.synchronize();
      try (Graph graph = captured(norm); GraphExec exec = graph.instantiate()) {
        assertThat(graph.nodeCount()).isEqualTo(1);
        stream.memset8(norm.y, 0);
        assertThat(norm.result(stream)).containsOnly(0f);
        exec.upload(stream);
        exec.launch(stream);
        assertClose(norm.result(stream), norm.expected());

        next.upload(stream);
        stream.copy(next.x, 0, norm.x, 0, next.x.bytes());
        stream.copy(next.weight, 0, norm.weight, 0, next.weight.bytes());
        exec.launch(stream);
        assertClose(norm.result(stream), next.expected());
      }
    }
  }

  @Test
  void anInstantiatedGraphTakesOverTheParametersOfAnother() {
    try (RmsNorm first = new RmsNorm(context, 2, 64, 9); RmsNorm second = new RmsNorm(context, 4, 96, 10)) {
      first.upload(stream);
      second.upload(stream);
      stream.synchronize();
      try (Graph graph = captured(first); GraphExec exec = graph.instantiate(); Graph changed = captured(second)) {
        assertThat(exec.update(changed)).isTrue();
        assertThat(exec.refusal()).isEmpty();
        exec.launch(stream);
        assertClose(second.result(stream), second.expected());

        stream.beginCapture();
        stream.launch(function, first.config(), first.params);
        stream.memset8(first.y, 0);
        try (Graph longer = stream.endCapture()) {
          assertThat(longer.nodeCount()).isEqualTo(2);
          assertThat(exec.update(longer)).isFalse();
          assertThat(exec.refusal()).isNotEmpty();
        }
        stream.memset8(second.y, 0);
        exec.launch(stream);
        assertClose(second.result(stream), second.expected());
      }
    }
  }

  @Test
  void aCaptureIsSeenAndItsStreamWorksAfterwards() {
    assertThat(stream.isCapturing()).isFalse();
    stream.beginCapture(CaptureMode.RELAXED);
    assertThat(stream.isCapturing()).isTrue();
    try (Graph empty = stream.endCapture(); GraphExec exec = empty.instantiate()) {
      assertThat(empty.nodeCount()).isZero();
      exec.launch(stream);
    }
    assertThat(stream.isCapturing()).isFalse();
    stream.synchronize();
    assertThatThrownBy(stream::endCapture).isInstanceOf(CudaException.class).hasMessageContaining("cuStreamEndCapture");
  }

  @Test
  void waitingInACaptureIsAnErrorThatEndsIt() {
    stream.beginCapture();
    assertThatThrownBy(stream::synchronize).isInstanceOf(CudaException.class).hasMessageContaining("CUDA_ERROR_STREAM_CAPTURE_")
        .hasMessageContaining("while a stream is captured");
    assertThatThrownBy(stream::endCapture).isInstanceOf(CudaException.class);
    stream.synchronize();
  }

  /** Two streams in one capture, forked and joined by events. */
  @Test
  void aCaptureSpreadsOverStreamsByEvents() {
    try (RmsNorm left = new RmsNorm(context, 2, 64, 11); RmsNorm right = new RmsNorm(context, 2, 64, 12); Stream other = context.newStream();
        Event fork = context.newEvent(false); Event join = context.newEvent(false)) {
      left.upload(stream);
      right.upload(stream);
      stream.synchronize();
      stream.beginCapture();
      stream.record(fork);
      other.waitFor(fork);
      stream.launch(function, left.config(), left.params);
      other.launch(function, right.config(), right.params);
      other.record(join);
      stream.waitFor(join);
      try (Graph graph = stream.endCapture(); GraphExec exec = graph.instantiate()) {
        assertThat(graph.nodeCount()).isEqualTo(2);
        exec.launch(stream);
        assertClose(left.result(stream), left.expected());
        assertClose(right.result(stream), right.expected());
      }
    }
  }

  @Test
  void aCapturedHostFunctionRunsAtEveryReplayAndIsForgottenWithTheGraph() {
    AtomicInteger runs = new AtomicInteger();
    stream.beginCapture();
    stream.hostFunction(runs::incrementAndGet);
    Graph graph = stream.endCapture();
    assertThat(runs).hasValue(0);
    try (GraphExec exec = graph.instantiate()) {
      graph.close();
      for (int i = 1; i <= 3; i++) {
        exec.launch(stream);
        stream.synchronize();
        assertThat(runs).hasValue(i);
      }
      assertThat(HostFunctions.count()).isEqualTo(1);
    }
    assertThat(HostFunctions.count()).isZero();
  }

  @Test
  void aGraphIsMadeNodeByNodeAndAsAPartOfAnother() {
    try (RmsNorm norm = new RmsNorm(context, 2, 64, 13); RmsNorm second = new RmsNorm(context, 2, 64, 14); Graph inner = context.newGraph();
        Graph outer = context.newGraph()) {
      norm.upload(stream);
      second.upload(stream);
      Graph.Node node = inner.addKernel(function, norm.config(), norm.params);
      inner.addKernel(function, norm.config(), norm.params, node);
      assertThat(inner.nodeCount()).isEqualTo(2);
      outer.addChild(inner);
      assertThat(outer.nodeCount()).isEqualTo(1);
      try (GraphExec exec = outer.instantiate(); GraphExec alone = inner.instantiate()) {
        exec.launch(stream);
        assertClose(norm.result(stream), norm.expected());
        alone.set(node, function, second.config(), second.params);
        alone.launch(stream);
        assertClose(second.result(stream), second.expected());
      }
      assertThatThrownBy(() -> inner.addKernel(function, norm.config().withProgrammatic(true), norm.params)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void closedGraphsThrow() {
    stream.beginCapture();
    Graph graph = stream.endCapture();
    GraphExec exec = graph.instantiate();
    graph.close();
    graph.close();
    exec.launch(stream);
    stream.synchronize();
    exec.close();
    exec.close();
    assertThatThrownBy(graph::instantiate).isInstanceOf(IllegalStateException.class).hasMessage("Graph is used after it was closed");
    assertThatThrownBy(graph::nodeCount).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> exec.launch(stream)).isInstanceOf(IllegalStateException.class).hasMessage("GraphExec is used after it was closed");
    assertThatThrownBy(() -> exec.update(graph)).isInstanceOf(IllegalStateException.class);
  }

  private Graph captured(RmsNorm norm) {
    stream.beginCapture();
    stream.launch(function, norm.config(), norm.params);
    return stream.endCapture();
  }
}

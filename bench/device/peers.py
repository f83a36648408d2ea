#!/usr/bin/env python3
"""The libraries that the kernels are held against, through PyTorch, on the same sizes and with the same field names.

peers.py kernels CASES SECONDS   each case that `gatun kernels --list --json` wrote to the file CASES: cuBLAS, scaled_mm, SDPA
peers.py decode SHAPES SECONDS   tokens per second of a plain transformer, compiled, with a static cache and CUDA graphs

Writes a JSON object a line. Without PyTorch or without a device one line says so. After SECONDS nothing more is begun.
"""
import json
import math
import sys
import time

# layers, width, width of the feed-forward part, heads, heads of keys, size of a head, vocabulary, whether the output is the embedding
SHAPES = {
    "llama-3.2-1b": (16, 2048, 8192, 32, 8, 64, 128256, True),
    "llama-3-8b": (32, 4096, 14336, 32, 8, 128, 128256, False),
    "qwen3-4b": (36, 2560, 9728, 32, 8, 128, 151936, True),
    "minicpm-2b": (40, 2304, 5760, 36, 36, 64, 122753, True),
}
ROTATED_BYTES = 192 << 20
MOST_COPIES = 64
REPLAYS = 30
STEPS = 64
SAMPLED = 64


def write(**row):
    print(json.dumps({"source": "torch", **row}), flush=True)


def timed(torch, runs, replays=REPLAYS):
    """Microseconds of one of `runs`, each a function over memory of its own: the median of replays of a graph of all of them."""
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        for run in runs:
            run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=side):
        for run in runs:
            run()
    events = [torch.cuda.Event(enable_timing=True) for _ in range(replays + 1)]
    for _ in range(3):
        graph.replay()
    events[0].record()
    for i in range(replays):
        graph.replay()
        events[i + 1].record()
    torch.cuda.synchronize()
    micros = sorted(events[i].elapsed_time(events[i + 1]) * 1e3 / len(runs) for i in range(replays))
    return micros[0], micros[replays // 2], micros[-1]


def copies(size):
    return max(1, min(MOST_COPIES, math.ceil(ROTATED_BYTES / max(1, size))))


def error(found, wanted):
    """The normalised mean squared error; never small for NaN."""
    found, wanted = found.double(), wanted.double()
    return float(((found - wanted) ** 2).sum() / (wanted ** 2).sum())


def measured(torch, case, plan, make, size, work, check, bound=1e-3):
    made = [make() for _ in range(copies(size))]
    off = check(made[0])
    if not off <= bound:
        write(**case, status=f"wrong: an NMSE of {off}", plan=plan)
        return
    least, median, most = timed(torch, [one["run"] for one in made])
    write(**case, status="measured", plan=plan, time_us=median, least_us=least, most_us=most, copies=len(made), replays=REPLAYS, error_nmse=off,
          flops=work, tflop_per_s=work / median / 1e6)


def matmul(torch, case):
    m, n, k, kind = case["m"], case["n"], case["k"], case["type"]

    def make():
        x = torch.randn(m, k, device="cuda", dtype=torch.bfloat16)
        w = torch.randn(n, k, device="cuda", dtype=torch.bfloat16)
        if kind == "bf16":
            y = torch.empty(m, n, device="cuda", dtype=torch.bfloat16)
            return {"x": x, "w": w, "y": lambda: y, "run": lambda: torch.mm(x, w.t(), out=y)}
        x8, w8 = x.to(torch.float8_e4m3fn), w.to(torch.float8_e4m3fn)
        one = torch.ones((), device="cuda")
        kept = {}

        def run():
            kept["y"] = torch._scaled_mm(x8, w8.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16)

        return {"x": x8, "w": w8, "y": lambda: kept["y"], "run": run}

    def check(one):
        one["run"]()
        rows, columns = min(m, SAMPLED), min(n, SAMPLED)
        return error(one["y"]()[:rows, -columns:], one["x"][:rows].double() @ one["w"][-columns:].double().t())

    if kind not in ("bf16", "f8_e4m3"):
        return write(**case, status="not measured: PyTorch has no product with such weights")
    if kind == "f8_e4m3" and m % 16:
        return write(**case, status="not measured: scaled_mm takes multiples of 16 rows")
    size = (m * k + n * k) * (2 if kind == "bf16" else 1) + 2 * m * n
    measured(torch, case, "cuBLAS bf16" if kind == "bf16" else "cuBLASLt scaled_mm", make, size, 2 * m * n * k, check)


def attention(torch, case):
    from torch.nn.attention import SDPBackend, sdpa_kernel

    sequences, tokens, keys = case["sequences"], case["tokens"], case["keys"]
    heads, shared, size = case["heads"], case["kv_heads"], case["head_size"]
    causal = case["causal"] and tokens > 1
    if case["type"] != "bf16":
        return write(**case, status="not measured: SDPA has no such cache")
    for name in ("FLASH_ATTENTION", "CUDNN_ATTENTION", "EFFICIENT_ATTENTION"):
        backend = getattr(SDPBackend, name, None)
        if backend is None:
            continue

        def make():
            q = torch.randn(sequences, heads, tokens, size, device="cuda", dtype=torch.bfloat16)
            k = torch.randn(sequences, shared, keys, size, device="cuda", dtype=torch.bfloat16)
            v = torch.randn(sequences, shared, keys, size, device="cuda", dtype=torch.bfloat16)
            kept = {}

            def run():
                with sdpa_kernel(backend):
                    kept["y"] = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=heads != shared)

            return {"q": q, "k": k, "v": v, "y": lambda: kept["y"], "run": run}

        def check(one):
            one["run"]()
            scores = one["q"][-1, -1, -1].double() @ one["k"][-1, -1].double().t() / math.sqrt(size)
            return error(one["y"]()[-1, -1, -1], torch.softmax(scores, -1) @ one["v"][-1, -1].double())

        work = 4 * sequences * heads * tokens * keys * size // (2 if causal else 1)
        bytes_moved = 2 * sequences * size * (2 * heads * tokens + 2 * shared * keys)
        try:
            measured(torch, case, "SDPA " + name.lower(), make, bytes_moved, work, check)
        except RuntimeError as e:
            write(**case, status="not measured: " + str(e).splitlines()[0], plan="SDPA " + name.lower())


def copy(torch):
    one = torch.randint(0, 255, (2 << 30,), device="cuda", dtype=torch.uint8)
    other = torch.empty_like(one)
    _, median, _ = timed(torch, [lambda: other.copy_(one)], 10)
    write(kernel="ceiling", case="copy", status="measured", gb_per_s=2 * one.numel() / median / 1e3, device=torch.cuda.get_device_name(),
          torch=torch.__version__)


def kernels(torch, cases, deadline):
    copy(torch)
    for line in open(cases):
        case = {name: value for name, value in json.loads(line).items() if name not in ("status", "source")}
        if time.monotonic() > deadline:
            write(**case, status="not measured: out of time")
        elif case["kernel"] in ("matmul", "attention"):
            try:
                (matmul if case["kernel"] == "matmul" else attention)(torch, case)
            except RuntimeError as e:
                write(**case, status="not measured: " + str(e).splitlines()[0])
            torch.cuda.empty_cache()


class Plain:
    """A decoder of one kind of block: rms_norm, rope, grouped-query attention over a static cache, a gated unit."""

    def __init__(self, torch, shape, sequences, positions):
        layers, width, inner, heads, shared, size, vocabulary, tied = SHAPES[shape]
        self.torch, self.heads, self.shared, self.size = torch, heads, shared, size
        generator = torch.Generator(device="cuda").manual_seed(20260101)

        def matrix(rows, columns):
            weight = torch.empty(rows, columns, device="cuda", dtype=torch.bfloat16)
            return weight.normal_(0, 1 / math.sqrt(columns), generator=generator)

        self.table = matrix(vocabulary, width)
        self.output = self.table if tied else matrix(vocabulary, width)
        self.blocks = [(matrix((heads + 2 * shared) * size, width), matrix(width, heads * size), matrix(2 * inner, width), matrix(width, inner))
                       for _ in range(layers)]
        self.ones = torch.ones(width, device="cuda", dtype=torch.bfloat16)
        shape_of_cache = (sequences, shared, positions, size)
        self.keys = [torch.randn(shape_of_cache, device="cuda", dtype=torch.bfloat16, generator=generator) for _ in range(layers)]
        self.values = [torch.randn(shape_of_cache, device="cuda", dtype=torch.bfloat16, generator=generator) for _ in range(layers)]
        for cache in (*self.keys, *self.values):
            # Else the compiler takes a cache for an input that it must not write in a graph.
            torch._dynamo.mark_static_address(cache)
        self.places = torch.arange(positions, device="cuda")
        self.frequencies = 500000 ** (-torch.arange(0, size, 2, device="cuda").float() / size)

    def norm(self, x):
        return self.torch.nn.functional.rms_norm(x, (x.shape[-1],), self.ones, 1e-5)

    def turned(self, x, position):
        angle = position * self.frequencies
        cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
        first, second = x.chunk(2, -1)
        return self.torch.cat((first * cos - second * sin, second * cos + first * sin), -1)

    def step(self, tokens, position):
        torch = self.torch
        functional = torch.nn.functional
        x = functional.embedding(tokens, self.table)
        visible = (self.places <= position)[None, None, None, :]
        for (qkv, out, gated, down), keys, values in zip(self.blocks, self.keys, self.values):
            heads = functional.linear(self.norm(x), qkv).view(x.shape[0], -1, self.size)
            q, k, v = heads.split((self.heads, self.shared, self.shared), 1)
            keys.index_copy_(2, position, self.turned(k, position)[:, :, None])
            values.index_copy_(2, position, v[:, :, None])
            y = functional.scaled_dot_product_attention(self.turned(q, position)[:, :, None], keys, values, attn_mask=visible,
                                                        enable_gqa=self.heads != self.shared)
            x = x + functional.linear(y.reshape(x.shape[0], -1), out)
            gate, up = functional.linear(self.norm(x), gated).chunk(2, -1)
            x = x + functional.linear(functional.silu(gate) * up, down)
        return functional.linear(self.norm(x), self.output).argmax(-1)


def decode(torch, shapes, deadline):
    for shape in shapes:
        for sequences in (1, 8, 32):
            for depth in (0, 8192, 32768):
                case = {"kernel": "decode", "case": f"{shape} bf16 depth={depth} m={sequences}"}
                if time.monotonic() > deadline:
                    write(**case, status="not measured: out of time")
                    continue
                model = None
                try:
                    model = Plain(torch, shape, sequences, depth + 2 * STEPS)
                    step = torch.compile(model.step, mode="reduce-overhead", fullgraph=True)
                    tokens = torch.zeros(sequences, device="cuda", dtype=torch.long)
                    position = torch.tensor([depth], device="cuda")
                    seconds = []
                    with torch.inference_mode():
                        for i in range(2 * STEPS):
                            if i == STEPS:
                                torch.cuda.synchronize()
                                started = time.perf_counter()
                            tokens = step(tokens, position).clone()
                            position += 1
                        torch.cuda.synchronize()
                        seconds.append(time.perf_counter() - started)
                    write(**case, status="measured", plan="torch.compile", tokens_per_s=sequences * STEPS / seconds[0],
                          time_us=seconds[0] / STEPS * 1e6)
                except RuntimeError as e:
                    write(**case, status="not measured: " + str(e).splitlines()[0])
                del model
                torch._dynamo.reset()
                torch.cuda.empty_cache()


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in ("kernels", "decode"):
        print(__doc__, file=sys.stderr)
        return 2
    deadline = time.monotonic() + float(arguments[2])
    try:
        import torch
    except ImportError as e:
        write(kernel="ceiling", case="copy", status=f"not measured: {e}")
        return 0
    if not torch.cuda.is_available():
        write(kernel="ceiling", case="copy", status="not measured: PyTorch finds no CUDA device")
        return 0
    if arguments[0] == "kernels":
        kernels(torch, arguments[1], deadline)
    else:
        decode(torch, arguments[1].split(), deadline)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

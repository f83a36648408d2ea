#!/usr/bin/env python3
"""TornadoVM's kernels and tokens per second beside those of the other backends on the same machine.

    TORNADOVM_HOME=FOLDER bench/tornado.py [kernels] [tokens] [--backends cpu,tornado,cuda] [--device 0:0] [--repetitions 3] [--models FOLDER] [--out FOLDER]

kernels runs `gatun kernels` for GEMV, GEMM, attention, dequantize and the row kernels, tokens `gatun bench` for small files and made shapes; both if none is named. Each is run so many times, the
backends taking turns, so that whatever else the machine does falls on all of them. What was measured goes to kernels.jsonl and tokens.jsonl, the medians to kernels.md and tokens.md. A kernel
whose answer is wrong has no time, and what could not be run stands there with its reason. Standard library only.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PUBLISHED = """TornadoVM's documentation gives for its own kernels, which it compiled for an RTX 4090: attention 0.19 TFLOP/s, tiled GEMM in F32 5.3 to 5.8 TFLOP/s. The aim is ten times those,
1.9 and 53 to 58 TFLOP/s, on a device like that one; figures of a processor say nothing about it."""
# Past this a case is bound by arithmetic rather than by memory on the devices of interest, and its rate is told in operations.
FLOPS_PER_BYTE = 32
GROUPS = [
    "matmul llama-3.2-1b",
    "matmul llama-3-8b ffn_gate bf16 m=8",
    "matmul llama-3-8b ffn_gate q4_0 m=8",
    "matmul square bf16 2048",
    "matmul square q4_0 2048",
    "attention decode d=64 h=32/8 bf16 8192 m=1",
    "attention prefill d=64 h=32/8 2048 causal",
    "dequantize",
    "rms_norm",
    "silu_mul",
]
MODELS = [
    "stories260K-F32", "stories260K-Q8_0", "stories260K-Q4_0", "tiny-llama-F32", "tiny-llama3-F32", "tiny-qwen2-F32", "tiny-qwen3-F32", "tiny-llama256-Q4_K_M", "tiny-llama256-Q6_K",
]
# Made weights of a real model's sizes: at 135 million parameters kernels take more of a step than what is round them.
SHAPES = ["smollm2-135m:q8_0", "smollm2-135m:q4_0"]


def gatun(words, backend, options):
    """What a command writes to standard output, and the reason if that is nothing."""
    command = [str(ROOT / "gatun"), *words, "--json", "--backend", backend]
    if backend == "tornado" and options.device:
        command += ["--device", options.device]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return done.stdout, "" if done.stdout.strip() else (said[-1] if said else f"nothing said, status {done.returncode}")


def facts(device, commit):
    """One line about a device, from what the backend says of it, and the commit that was measured."""
    left = {key: value for key, value in device.items() if isinstance(value, str) and key not in ("name", "kind", "devices")}
    return ", ".join([device["name"].strip()] + [f"{key} {value}" for key, value in left.items()] + [f"commit {commit}"])


def drivers(options):
    """The drivers of TornadoVM's devices: as told, else the OpenCL platforms that clinfo finds."""
    if options.driver:
        return options.driver
    try:
        listed = subprocess.run(["clinfo", "--raw"], capture_output=True, text=True, check=False).stdout.splitlines()
    except OSError:
        return "not told (--driver TEXT)"
    return ", ".join(dict.fromkeys(line.split("CL_PLATFORM_VERSION", 1)[1].strip() for line in listed if "CL_PLATFORM_VERSION" in line)) or "not told (--driver TEXT)"


def machine():
    """The processor, how many of it, its memory and system."""
    try:
        model = next(line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
        memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) // 1_000_000
        return f"{model}, {os.cpu_count()} processors, {memory} GB, {platform.system()} {platform.machine()}"
    except (OSError, StopIteration):
        return f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors, {platform.system()}"


class Table:
    """Medians of what was measured, a line a case, a column a backend."""

    def __init__(self, title, options, note):
        self.title, self.options, self.note = title, options, note
        self.devices, self.values, self.reasons = {}, {}, {}

    def add(self, case, backend, value, show):
        self.values.setdefault(case, {}).setdefault(backend, []).append((value, show))

    def refuse(self, case, backend, reason):
        self.reasons.setdefault(case, {})[backend] = reason

    def median(self, case, backend):
        """The lower median with how it is shown, or None."""
        measured = sorted(self.values.get(case, {}).get(backend, []), key=lambda pair: pair[0])
        return measured[(len(measured) - 1) // 2] if measured else None

    def text(self):
        backends = self.options.backends.split(",")
        lines = [f"# {self.title}", "", f"Machine: {machine()}. Drivers: {drivers(self.options)}.", ""]
        lines += [f"- {backend}: {self.devices.get(backend, 'not measured')}" for backend in backends]
        lines += ["", self.note, "", "| case | " + " | ".join(backends) + f" | {backends[-1]} against {backends[0]} |", "|---|" + "---|" * (len(backends) + 1)]
        for case in dict.fromkeys([*self.values, *self.reasons]):
            found = [self.median(case, backend) for backend in backends]
            cells = [pair[1] if pair else self.reasons.get(case, {}).get(backend, "not measured") for pair, backend in zip(found, backends)]
            ratio = f"{self.ratio(found[0][0], found[-1][0]):.3g}x" if found[0] and found[-1] else "-"
            lines.append(f"| {case} | " + " | ".join(cell.replace("|", "/") for cell in cells) + f" | {ratio} |")
        return "\n".join(lines) + "\n"


class Times(Table):
    @staticmethod
    def ratio(first, last):
        return first / last


class Rates(Table):
    @staticmethod
    def ratio(first, last):
        return last / first


def shown(row):
    compute = row["flops"] > FLOPS_PER_BYTE * row["bytes"]
    rate = f"{row['tflop_per_s'] * 1000:.1f} GFLOP/s" if compute else f"{row['gb_per_s']:.2f} GB/s"
    return f"{row['time_us'] / 1000:.3f} ms, {rate}"


def kernels(options, raw):
    scale = "" if options.scale == "full" else f" Sizes are those of scale {options.scale}: these figures mean nothing."
    table = Times("TornadoVM's kernels beside the others", options, f"Medians of {options.repetitions}, the backends in turns. The last column is how many times as fast.{scale}")
    for turn in range(options.repetitions):
        for group in options.only or GROUPS:
            for backend in options.backends.split(","):
                output, reason = gatun(["kernels", "--only", group, "--scale", options.scale, "--seconds", str(options.seconds)], backend, options)
                if reason:
                    table.refuse(group, backend, reason)
                    raw({"kernel": "none", "case": group, "status": reason, "backend": backend, "turn": turn})
                for row in map(json.loads, filter(lambda line: line.startswith("{"), output.splitlines())):
                    row.setdefault("backend", backend)
                    raw(row | {"turn": turn})
                    case = f"{row['kernel']} {row['case']}"
                    if row["kernel"] == "ceiling":
                        named = {key: value for key, value in row.items() if key not in ("source", "kernel", "case", "status", "scale", "backend", "device", "commit")}
                        table.devices[backend] = facts({"name": row.get("device", "")} | named, row.get("commit", "unknown"))
                    elif row.get("status") == "measured":
                        table.add(case, backend, row["time_us"], shown(row))
                    else:
                        table.refuse(case, backend, row.get("status", "not measured"))
    return table.text() + "\n" + PUBLISHED + "\n"


def tokens(options, raw):
    table = Rates("Tokens per second through TornadoVM beside the others", options,
                  f"Prompts of {options.prompt} tokens, {options.generate} decoded after them; medians of {options.repetitions}, the backends in turns, each in a process of its own and after a warm-up. "
                  "The last column is how many times as fast. Of files this small most of a step is what is round the kernels.")
    files = [(model, ["--model", str(options.models / f"{model}.gguf")]) for model in options.files]
    shapes = [(shape.replace(":", " "), ["--shape", shape.split(":")[0], "--type", shape.split(":")[1]]) for shape in options.shapes]
    for turn in range(options.repetitions):
        for name, what in files + shapes:
            for backend in options.backends.split(","):
                output, reason = gatun(["bench", *what, "-p", str(options.prompt), "-n", str(options.generate), "-r", "1"], backend, options)
                if reason:
                    raw({"model": name, "status": reason, "backend": backend, "turn": turn})
                    table.refuse(name, backend, reason)
                    continue
                for row in json.loads(output):
                    row["model_filename"] = name
                    raw(row | {"turn": turn})
                    table.devices[backend] = facts(row["device"], row["build_commit"])
                    case = f"{name}, {'prefill' if row['n_gen'] == 0 else 'decode'}"
                    rate = statistics.median(row["samples_ts"])
                    table.add(case, backend, rate, f"{rate:.4g} tokens/s")
    return table.text()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help="kernels or tokens; both if none is named")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench/results/tornado")
    parser.add_argument("--backends", default="cpu,tornado", help="the first is what the last is compared with")
    parser.add_argument("--device", default="", help="TornadoVM's number of the device, for example 0:0")
    parser.add_argument("--driver", default="", help="the driver of TornadoVM's device with its version; default: the OpenCL platforms of clinfo")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=120, help="kernels: the time of one group on one backend, after which no case is begun")
    parser.add_argument("--scale", choices=["full", "small"], default="full", help="kernels: small tries out the script")
    parser.add_argument("--only", nargs="+", default=[], help="kernels: these groups, as of 'gatun kernels --only'")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT.parent / "shared/models", help="tokens: the folder of the small files")
    parser.add_argument("--files", nargs="*", default=MODELS, metavar="NAME", help="tokens: those of the folder, without .gguf")
    parser.add_argument("--shapes", nargs="*", default=SHAPES, metavar="SHAPE:TYPE", help="tokens: made models, as of 'gatun bench --shape'")
    parser.add_argument("--prompt", type=int, default=16)
    parser.add_argument("--generate", type=int, default=32)
    options = parser.parse_args()
    parts = {"kernels": kernels, "tokens": tokens}
    if wrong := [part for part in options.parts if part not in parts]:
        parser.error(f"no part {wrong[0]}: there are kernels and tokens")
    if options.repetitions < 1:
        parser.error("--repetitions is 1 or more")
    if "tornado" in options.backends.split(",") and not os.environ.get("TORNADOVM_HOME"):
        sys.exit("tornado.py: set TORNADOVM_HOME to the folder of a TornadoVM SDK, or leave tornado out of --backends")
    options.out.mkdir(parents=True, exist_ok=True)
    for part in options.parts or parts:
        with open(options.out / f"{part}.jsonl", "w", encoding="utf-8") as file:
            text = parts[part](options, lambda row: print(json.dumps(row), file=file, flush=True))
        (options.out / f"{part}.md").write_text(text, encoding="utf-8")
        print(text)


if __name__ == "__main__":
    main()

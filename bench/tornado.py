#!/usr/bin/env python3
"""TornadoVM's kernels beside those of the other backends on the same machine: GEMV, GEMM, attention, dequantize and the row kernels.

    TORNADOVM_HOME=... bench/tornado.py [--out FOLDER] [--backends cpu,tornado,cuda] [--device 0:0] [--seconds N] [--only PREFIX ...]

Runs `gatun kernels` for one group of cases after the other, each backend in turn, so that whatever else the machine does falls on all of them, and writes what was measured (JSON lines)
and a table (Markdown). A case whose answer is wrong has no time; a backend that is not there is written as such. Standard library only.
"""
import argparse
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
# TornadoVM's documentation (hybrid API) names these for its own kernels compiled for an RTX 4090; they stand beside figures of comparable hardware only.
PUBLISHED = "TornadoVM publishes, for kernels that it compiled for an RTX 4090: attention 0.19 TFLOP/s, tiled GEMM in F32 5.3 to 5.8 TFLOP/s."
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


def measure(backend, group, options):
    """The rows of one group on one backend; a reason where there are none."""
    command = [str(ROOT / "gatun"), "kernels", "--backend", backend, "--json", "--only", group, "--seconds", str(options.seconds)]
    if backend == "tornado" and options.device:
        command += ["--device", options.device]
    done = subprocess.run(command, capture_output=True, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if not rows:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        rows = [{"kernel": "none", "case": group, "status": said, "backend": backend}]
    for row in rows:
        row.setdefault("backend", backend)
    return rows


def cell(row):
    """Time and rate of a measured case, or why there is none."""
    if row is None:
        return "-"
    if row.get("status") != "measured":
        return row.get("status", "not measured")
    compute = row["flops"] > FLOPS_PER_BYTE * row["bytes"]
    rate = f"{row['tflop_per_s'] * 1000:.1f} GFLOP/s" if compute else f"{row['gb_per_s']:.2f} GB/s"
    return f"{row['time_us'] / 1000:.3f} ms, {rate}"


def table(backends, measured, facts):
    lines = ["# TornadoVM's kernels beside the others", ""]
    lines += [f"- {backend}: {facts[backend]}" for backend in backends if backend in facts]
    lines += ["", "Medians; of one run in which the backends took turns. Ratio: the first backend's time divided by the last's.", ""]
    lines += ["| case | " + " | ".join(backends) + " | ratio |", "|---|" + "---|" * (len(backends) + 1)]
    for case in dict.fromkeys(key for rows in measured.values() for key in rows):
        found = [measured[backend].get(case) for backend in backends]
        timed = [row["time_us"] for row in found if row and row.get("status") == "measured"]
        ratio = f"{found[0]['time_us'] / found[-1]['time_us']:.2f}" if len(timed) == len(backends) else "-"
        lines.append(f"| {case} | " + " | ".join(cell(row) for row in found) + f" | {ratio} |")
    return "\n".join(lines + ["", PUBLISHED, ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "bench/results/tornado")
    parser.add_argument("--backends", default="cpu,tornado")
    parser.add_argument("--device", default="")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", nargs="*", default=GROUPS)
    options = parser.parse_args()
    backends = options.backends.split(",")
    measured = {backend: {} for backend in backends}
    facts = {}
    options.out.mkdir(parents=True, exist_ok=True)
    with open(options.out / "kernels.jsonl", "w", encoding="utf-8") as raw:
        for group in options.only:
            for backend in backends:
                for row in measure(backend, group, options):
                    raw.write(json.dumps(row) + "\n")
                    if row["kernel"] == "ceiling":
                        facts[backend] = f"{row.get('device', '').strip()}, commit {row.get('commit', 'unknown')}"
                    else:
                        measured[backend][f"{row['kernel']} {row['case']}"] = row
                raw.flush()
    (options.out / "kernels.md").write_text(table(backends, measured, facts), encoding="utf-8")
    print(table(backends, measured, facts))


if __name__ == "__main__":
    main()

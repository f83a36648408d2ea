#!/usr/bin/env python3
"""Tokens per second of Gatun beside llama.cpp: same file, same threads, same machine, taking turns.

    bench/llama-compare.py PATH/TO/llama-bench [--second 'NAME=PATH OPTIONS'] [--models FILE...] [--threads 1,2] [--rounds 5] [--out PREFIX]

Without --models files of random weights are made by `gatun make-model` (once; --folder says where, 8 GB for all types). In each round
every engine runs every case once, each time as a process of its own with its own warm-up, so that whatever else the machine does falls
on all of them. PREFIX.json holds every row that an engine wrote, machine, commits and commands, PREFIX.md the medians.
What an engine could not run stands there as "not run" with its reason. Standard library only.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GATUN = ROOT / "gatun"
TYPES = ["f16", "bf16", "q8_0", "q4_0+q6_k", "q4_k_m"]
# Of these the machine and the engines have what matters.
UNTOLD = ("llama_bench", "second", "models", "small", "folder", "out")
SMALL = ROOT.parent / "shared/models/stories260K-F32.gguf"


class NotRun(Exception):
    """Why there is no figure."""


def run(command, limit):
    """Standard output of a command. Raises NotRun with the last thing it said if it fails."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace", timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        raise NotRun(f"not done in {limit} s") from None
    except OSError as error:
        raise NotRun(f"{command[0]} can't be started: {error.strerror}") from None
    if done.returncode != 0:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        status = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
        raise NotRun(f"{said[-1].removeprefix('gatun: ') if said else 'nothing said'} ({status})")
    return done.stdout


def rows_of(output):
    """The rows of llama-bench's JSON, which some builds precede by other lines."""
    try:
        rows = json.loads(output[max(0, output.find("[\n")):])
        if isinstance(rows, list) and rows and all(row["samples_ts"] for row in rows):
            return rows
    except (ValueError, TypeError, KeyError):
        pass
    raise NotRun(f"no rows of JSON, but {output.strip()[:80]!r}")


class Engine:
    """A program with llama-bench's options and rows."""

    def __init__(self, name, command, options):
        self.name, self.command, self.options, self.facts = name, command, options, {}

    def words(self, case, threads, options):
        return [*self.command, "-m", case.file, "-p", case.prompt, "-n", case.generate, "-t", threads, "-r", case.repeats, "-o", "json",
                *self.options]

    def measure(self, case, threads, options):
        rows = rows_of(run(self.words(case, threads, options), options.limit))
        first = rows[0]
        told = ("build_commit", "build_number", "cpu_info", "backends", "type_k", "flash_attn", "n_ubatch")
        self.facts = {key: first[key] for key in told if key in first}
        return rows


class Gatun(Engine):
    def words(self, case, threads, options):
        return [*self.command, "bench", "--model", case.file, "-p", case.prompt, "-n", case.generate, "-d", "0", "-t", threads, "-r",
                case.repeats, "--warm-up", options.warm_up, "--backend", "cpu", "--json", *self.options]

    def measure(self, case, threads, options):
        rows = super().measure(case, threads, options)
        self.facts |= {key: value for key, value in rows[0].get("device", {}).items() if isinstance(value, str)}
        return rows


class Case:
    """A model file and what is measured of it."""

    def __init__(self, file, prompt, generate, repeats, threads):
        self.file, self.prompt, self.generate, self.repeats, self.threads = file, prompt, generate, repeats, threads
        self.label, self.bytes = file.stem, 0

    def look(self):
        """What the file holds. A matrix that is only looked up by rows is not read for a token."""
        info = json.loads(run([GATUN, "info", "--model", self.file, "--tensors", "--json"], 120))
        sizes = {tensor["name"]: tensor["bytes"] for tensor in info["tensors"]}
        self.bytes = sum(sizes.values()) - (sizes.get("token_embd.weight", 0) if "output.weight" in sizes else 0)


def test_of(row):
    return "decode" if row["n_gen"] else "prefill"


class Samples:
    """Tokens per second by case, threads, engine and test, and why there are none."""

    def __init__(self):
        self.rates, self.reasons = {}, {}

    def add(self, case, threads, engine, rows):
        for row in rows:
            self.rates.setdefault((case, threads, engine, test_of(row)), []).extend(row["samples_ts"])

    def median(self, *key):
        rates = self.rates.get(key)
        return statistics.median(rates) if rates else None

    def cell(self, case, threads, engine, test):
        rates = self.rates.get((case, threads, engine, test))
        if not rates:
            reason = self.reasons.get((case, threads, engine), "no such row").replace("|", "/")
            return f"not run: {reason}" if test == "decode" else "not run"
        return f"{number(statistics.median(rates))} ({number(min(rates))}–{number(max(rates))})"

    def ratio(self, case, threads, ours, theirs, test):
        mine, other = self.median(case, threads, ours, test), self.median(case, threads, theirs, test)
        return f"{mine / other:.2f}" if mine and other else "–"


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(cases, threads, engines, samples):
    """Of each number of threads: a line a file, an engine's decode and prefill, then their ratios to the first engine."""
    peers = [engine.name for engine in engines]
    ours = [engine.name for engine in engines if isinstance(engine, Gatun)]
    lines = []
    for count in threads:
        used = [case for case in cases if count in case.threads]
        if not used:
            continue
        heads = [f"{name}: {test}" for name in peers for test in ("decode", "prefill")]
        heads += [f"{name} / {peers[0]}: {test}" for name in ours for test in ("decode", "prefill")]
        lines += [f"## {count} {'thread' if count == 1 else 'threads'}", "", "| file | MB per token | " + " | ".join(heads) + " |"]
        lines.append("|---|" + "---|" * (len(heads) + 1))
        for case in used:
            cells = [samples.cell(case.label, count, name, test) for name in peers for test in ("decode", "prefill")]
            cells += [samples.ratio(case.label, count, name, peers[0], test) for name in ours for test in ("decode", "prefill")]
            lines.append(f"| {case.label} | {case.bytes / 1e6:.3g} | " + " | ".join(cells) + " |")
        lines.append("")
    return lines


def machine():
    """The processor, how many of it, its memory and system."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    facts = {"processors": os.cpu_count(), "system": system, "processor": platform.processor()}
    try:
        first = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0]
        told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
        facts |= {"processor": told["model name"], "family": f"{told['cpu family']}/{told['model']}"}
        wanted = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")
        facts["features"] = " ".join(flag for flag in wanted if flag in told["flags"].split())
        facts["memory_gb"] = int(pathlib.Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]) // 1_000_000
    except (OSError, KeyError, ValueError, IndexError):
        pass
    return facts


def markdown(cases, options, engines, samples, document):
    facts = document["machine"]
    lines = ["# Tokens per second beside llama.cpp", ""]
    told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in facts.items())
    lines += [f"{told}; {document['begun']}, load before it {document['load'][0]:.2f}.", ""]
    for engine in engines:
        known = ", ".join(f"{key} {value}" for key, value in engine.facts.items() if value != "")
        lines.append(f"- {engine.name}: {known or 'did not run'}{'; options ' + shlex.join(engine.options) if engine.options else ''}")
    tests = sorted({(case.generate, case.prompt, case.repeats) for case in cases}, reverse=True)
    told = "; ".join(f"{decoded} tokens decoded from an empty cache, prompts of {fed}, {repeats} a process" for decoded, fed, repeats in tests)
    lines += ["", f"Tokens per second, median (least–most) of {options.rounds} rounds in which the engines take turns, each time a process "
              f"of its own: {told}."]
    if options.note:
        lines.append(options.note)
    threads = sorted({count for case in cases for count in case.threads})
    return "\n".join([*lines, "", *table(cases, threads, engines, samples)]).rstrip() + "\n"


def without_folders(text, files):
    """Results tell files by their names: where they lay says something of one machine only."""
    for folder in sorted({str(file.parent) for file in files if file.parent.name}, key=len, reverse=True):
        text = text.replace(folder + os.sep, "")
    return text


def made(options):
    """Files of random weights, made where they are not there yet."""
    options.folder.mkdir(parents=True, exist_ok=True)
    for kind in options.types.split(","):
        file = options.folder / f"{options.shape}-{kind}.gguf"
        if not file.exists():
            print(f"making {file}", file=sys.stderr)
            run([GATUN, "make-model", "--shape", options.shape, "--type", kind, "--out", file], 1800)
        yield file


def cases_of(options):
    threads = [int(count) for count in options.threads.split(",")]
    files = options.models if options.models is not None else list(made(options))
    cases = [Case(file, options.prompt, options.generate, options.repeats, threads) for file in files]
    if options.small and options.small != pathlib.Path("none"):
        cases.append(Case(options.small, options.small_prompt, options.small_generate, options.small_repeats, [1]))
    for case in cases:
        case.look()
    return cases


def engines_of(options):
    engines = [Engine("llama.cpp", [options.llama_bench], shlex.split(options.llama_options))]
    for text in options.second:
        name, found, words = text.partition("=")
        if not found or not words.strip():
            raise SystemExit(f"llama-compare.py: --second {text}: write NAME=PATH, with options of that program after the path")
        path, *more = shlex.split(words)
        engines.append(Engine(name, [path], more))
    given = shlex.split(options.gatun_options)
    if options.native in ("on", "both"):
        engines.append(Gatun("gatun", [GATUN], given))
    if options.native in ("off", "both"):
        engines.append(Gatun("gatun, Vector API alone", [GATUN], [*given, "-o", "native=off"]))
    return engines


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("llama_bench", metavar="LLAMA-BENCH", help="llama.cpp's llama-bench, built on this machine for this machine")
    parser.add_argument("--second", action="append", default=[], metavar="'NAME=PATH OPTIONS'",
                        help="another program with llama-bench's options and rows; may be repeated")
    parser.add_argument("--models", nargs="+", type=pathlib.Path, metavar="FILE", help="GGUF files; default: made ones")
    parser.add_argument("--shape", default="llama-3.2-1b", help="of made files (%(default)s)")
    parser.add_argument("--types", default=",".join(TYPES), help="of made files (%(default)s)")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "gatun-models",
                        help="where made files are kept (%(default)s)")
    parser.add_argument("--threads", default="1,2", help="numbers of threads (%(default)s)")
    parser.add_argument("--prompt", type=int, default=512, help="tokens of a prompt (%(default)s)")
    parser.add_argument("--generate", type=int, default=64, help="tokens decoded (%(default)s)")
    parser.add_argument("--repeats", type=int, default=1, help="how often a process measures each test (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="how often the engines take turns (%(default)s)")
    parser.add_argument("--small", type=pathlib.Path, default=SMALL if SMALL.exists() else None, metavar="FILE",
                        help="a small model, measured on one thread; 'none' for none (%(default)s)")
    parser.add_argument("--small-prompt", type=int, default=64)
    parser.add_argument("--small-generate", type=int, default=64)
    parser.add_argument("--small-repeats", type=int, default=50)
    parser.add_argument("--native", choices=["on", "off", "both"], default="on",
                        help="Gatun with its native micro-kernels, without them, or both as two engines (%(default)s)")
    parser.add_argument("--warm-up", type=float, default=3,
                        help="seconds that Gatun runs each test before it is measured; llama-bench runs it once (%(default)s)")
    parser.add_argument("--gatun-options", default="", help="more words for gatun bench, for example '--cache-type f16'")
    parser.add_argument("--llama-options", default="", help="more words for llama-bench, for example '-fa 1'")
    parser.add_argument("--note", default="", help="a sentence for the head of the table, such as how llama.cpp was built")
    parser.add_argument("--limit", type=int, default=900, help="seconds that one process may take (%(default)s)")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("llama-compare"), metavar="PREFIX",
                        help="results go to PREFIX.json and PREFIX.md (%(default)s)")
    options = parser.parse_args()
    numbers = (options.prompt, options.generate, options.repeats, options.small_prompt, options.small_generate, options.small_repeats)
    if min(*numbers, options.rounds, options.limit) < 1:
        parser.error("every number is 1 or more")
    if not all(count.isdigit() and int(count) > 0 for count in options.threads.split(",")):
        parser.error(f"--threads {options.threads}: numbers from 1 on, with commas between them")
    return options


def measure(options, cases, engines, document, keep):
    samples = Samples()
    for turn in range(options.rounds):
        for case in cases:
            for threads in case.threads:
                # Each goes first as often as last.
                for engine in engines if turn % 2 == 0 else engines[::-1]:
                    key = (case.label, threads, engine.name)
                    if key in samples.reasons:
                        continue
                    command = shlex.join(str(word) for word in engine.words(case, threads, options))
                    row = {"engine": engine.name, "model": case.label, "threads": threads, "round": turn, "load": os.getloadavg()[0],
                           "command": command}
                    try:
                        rows = engine.measure(case, threads, options)
                        samples.add(case.label, threads, engine.name, rows)
                        document["rows"] += [row | found for found in rows]
                        told = ", ".join(f"{test_of(found)} {number(statistics.median(found['samples_ts']))}" for found in rows)
                    except NotRun as reason:
                        samples.reasons[key] = told = str(reason)
                        document["rows"].append(row | {"status": "not run: " + told})
                    print(f"{turn + 1}/{options.rounds} {case.label} t={threads} {engine.name}: {told}", file=sys.stderr)
                    keep(samples)
    return samples


def main():
    options = arguments()
    try:
        # The launcher builds what is not built; nothing of that is to fall on a measurement.
        version = run([GATUN, "--version"], 3600).strip().replace("\n", ", ")
        cases = cases_of(options)
    except NotRun as reason:
        sys.exit(f"llama-compare.py: {reason}")
    engines = engines_of(options)
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    models = [{"model": case.label, "file_bytes": case.file.stat().st_size, "bytes_per_token": case.bytes} for case in cases]
    document = {"begun": now, "gatun": version, "machine": machine(), "load": os.getloadavg(),
                "settings": {key: str(value) for key, value in vars(options).items() if key not in UNTOLD}, "models": models, "rows": []}
    files = [*(case.file for case in cases), *(pathlib.Path(engine.command[0]) for engine in engines)]

    def keep(samples):
        document["engines"] = {engine.name: engine.facts for engine in engines}
        fields = ("model", "threads", "engine", "test")
        document["medians"] = [dict(zip(fields, key)) | {"median_ts": statistics.median(rates), "samples_ts": rates}
                               for key, rates in samples.rates.items()]
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.with_name(options.out.name + ".json").write_text(without_folders(json.dumps(document, indent=1), files) + "\n", encoding="utf-8")
        text = without_folders(markdown(cases, options, engines, samples, document), files)
        options.out.with_name(options.out.name + ".md").write_text(text, encoding="utf-8")

    measure(options, cases, engines, document, keep)
    print(options.out.with_name(options.out.name + ".md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()

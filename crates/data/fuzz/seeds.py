#!/usr/bin/env python3
"""Writes the seeds of every target to corpus/TARGET/. Standard library only; the same bytes every time."""

import gzip
import io
import pathlib
import struct
import zipfile

ROOT = pathlib.Path(__file__).parent / "corpus"


def pair(first, second):
    """The layout that `split` undoes."""
    return struct.pack("<H", len(first)) + first + second


def npy(code, shape, values, fortran=False, version=1):
    descr = {"e": "<f2", "d": "<f8", "f": "<f4", "B": "|u1", "b": "|i1", "h": "<i2", "q": "<i8", "?": "|b1"}[code]
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n".encode()
    size = struct.pack("<H" if version == 1 else "<I", len(header))
    entries = struct.pack(f"<{len(values)}{code}", *values)
    return b"\x93NUMPY" + bytes([version, 0]) + size + header + entries


def idx(kind, sizes, values):
    code = {0x08: "B", 0x09: "b", 0x0B: "h", 0x0C: "i", 0x0D: "f", 0x0E: "d"}[kind]
    head = struct.pack(f">4B{len(sizes)}I", 0, 0, kind, len(sizes), *sizes)
    return head + struct.pack(f">{len(values)}{code}", *values)


def archive(entries, method):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as file:
        for name, array in entries:
            file.writestr(zipfile.ZipInfo(name + ".npy"), array, method)
    return memory.getvalue()


def save(target, seeds):
    folder = ROOT / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed{number:02}").write_bytes(seed)


Y = [-1, 1, 1, -1]
X = [0.5, 1, -2, 3, 4, 5.25, 6, 7]
def npy_text(descr, texts, width):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({len(texts)},), }}\n".encode()
    code = "utf-32-le" if descr[1] == "U" else "utf-8"
    entries = b"".join(text.encode(code).ljust(width, b"\0") for text in texts)
    return b"\x93NUMPY" + bytes([1, 0]) + struct.pack("<H", len(header)) + header + entries


PAIRS = [
    (npy("d", (4, 2), X), npy("d", (4,), Y)),
    (npy("f", (4, 2), X, fortran=True), npy("b", (4,), Y)),
    (npy("B", (4, 2, 2), range(16), version=2), npy("q", (4, 1), Y)),
    (npy("h", (4, 2, 2), range(16), fortran=True), npy("?", (4,), [0, 1, 1, 0])),
    (npy("d", (0, 3), []), npy("d", (0,), [])),
    (npy("e", (4, 2), X), npy_text("<U3", ["a", "bé", "a", "1"], 12)),
    (npy("d", (4, 2), X), npy_text("|S2", ["1", "-1", "1", "-1"], 2)),
]
save("npy", [pair(*seed) for seed in PAIRS])

for target, names, pairs in [
    ("npz", ("X", "y"), PAIRS),
    ("weights", ("W_pos", "W_neg"), [(x, x) for x, _ in PAIRS]),
]:
    packed = [bytes([kind]) + pair(*seed) for seed in pairs for kind in (0, 1)]
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    raw = [archive(zip(names, seed), method) for seed in pairs for method in methods]
    save(target, packed + raw)

TABLES = [
    b"a,b,y\n1,2,-1\n3,4.5e-3,1\n-5,6,1\n",
    b"\xef\xbb\xbfa,y\r\n1,cat\r\n2,dog\r\n\r\n3,cat\r\n",
    b"a\ty\n1\t0\n2\t1\n",
    b'"a ""q""","b\nc",y\n"1","2","x, y"\n3,4,z\n',
    b"y\n1\n-1\n",
    b"a,y,y\n1,2,3\n",
    b"y,a\n1,nan\n2,inf\n3\n",
    "x,y\n1,é\n2,ö\n".encode(),
    b",a,b,y\n0,1,2,-1\n1,3,4,1\n2,5,6,1\n",
    b"a,b,y,\n1,2,-1,\n3,4,1,\n,,,\n",
    b"a;b;y\n1,5;2;-1\n0,25;4;1\n",
    b"sep=;\na;y\n1;-1\n2;1\n",
    b"# made\n# a b y\n1.5 2 1\n 3   4 -1\n",
    b'"a" "y"\n"1" 0.5 1\n"2" 1.5 -1\n# end\n',
    b"1,2,1\n3,4,-1\n5,6,1\n",
    b"a;y\n1,234;1\n5,678;-1\n",
]
save("table", [bytes([how]) + table for table in TABLES for how in (0, 1, 9, 24, 32, 40)])

LIBSVM = [
    b"+1 1:0.5 3:1.25\n-1 2:1 3:-0.5 # comment\n+1 1:2\n",
    b"0 qid:1 0:1 5:2e-3\n1 qid:2 1:1",
    b"# all\n\ncat 1:1\ndog\ncat 2:1\n",
    b"1,2 1:1\n 1:1\nnan 1:1\n",
    b"1 2:1 1:1\n1 1:inf\n-1 4294967295:1\n",
]
save("libsvm", LIBSVM)

IDX = [
    (idx(0x08, (4, 2), range(8)), idx(0x08, (4,), [0, 1, 1, 0])),
    (idx(0x09, (4, 1, 2), range(-4, 4)), idx(0x09, (4,), Y)),
    (idx(0x0B, (4, 2), range(8)), idx(0x0C, (4,), Y)),
    (idx(0x0D, (4, 2), X), idx(0x0E, (4,), Y)),
    (idx(0x0E, (4, 2, 1), X), idx(0x0D, (4,), [3, 7, 3, 7])),
    (idx(0x08, (0, 2), []), idx(0x08, (0,), [])),
    (idx(0x08, (4, 28, 28), [0] * 3136), idx(0x08, (4,), range(4))),
]
save("idx", [pair(*seed) for seed in IDX])


def zipped(data):
    return gzip.compress(data, mtime=0)


raw = [pair(zipped(x), zipped(y)) for x, y in IDX]
raw.append(pair(zipped(IDX[0][0][:9]) + zipped(IDX[0][0][9:]), zipped(IDX[0][1])))
save("idx_gz", [b"\0" + pair(*seed) for seed in IDX] + [b"\1" + seed for seed in raw])

FOREIGN = [
    b"\x89HDF\r\n\x1a\n", b"PAR1", b"\x80\x04]", b"@relation a\n", b"[1, 2]", b"<html>", b"\xff\xfea\0\n\0",
    b"a\0,\0y\0\n\0001\0", b"MATLAB 5.0", b"BZh9", b"(lp0\n.", b"\x10\0\0\0\0\0\0\0{\"a\":1}",
]
FILES = FOREIGN + TABLES + LIBSVM + [archive(zip(("X", "y"), PAIRS[0]), zipfile.ZIP_STORED), PAIRS[0][0], IDX[0][0]]
save("format", [bytes([how]) + file for file in FILES for how in (0, 3, 130, 133)])

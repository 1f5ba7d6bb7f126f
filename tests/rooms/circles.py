#!/usr/bin/env python3
"""Checks how the rooms (crates) and files of the workspace lean on each other.

    circles.py                 no two files of a crate import each other, directly or in a ring
    circles.py --crate gram    the same for one crate
    circles.py --arrows        dependencies between crates point down the list ORDER, and only
                               the crates of BURN depend on Burn
    circles.py --lines         no room has more than a quarter of the lines
    circles.py --self-test     the script itself, on small made-up trees

Exit status 1 if a check fails. Only the standard library is used.

An arrow from one file to another is an import (`use crate::a::B`), an inline path
(`super::a::b()`, `child::b()`), or a call of an inherent method which another file adds to a type
that the first one defines. It points at the file that defines the item, whatever `pub use` lies
between. `mod child;` is no arrow, importing a module is none by itself, and what is compiled for
tests only does not count.

Files that reach one another are printed as one shortest ring, then all arrows among them.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# Lowest first: a crate may depend on those before it.
ORDER = [
    "unify", "output", "record", "settings", "algebra", "scalar", "data", "fetch", "plot", "print", "claims", "gram", "limits",
    "model", "metrics", "engine", "lab", "experiments", "cli", "python", "tests",
]
# Modules of a crate, lowest first: a file may import files of modules before its own.
FOLDERS = {
    "lab": [
        "error", "progress", "interrupt", "pool", "config", "run", "conclusion", "export", "figures", "report",
        "printing", "spine", "batch", "limit", "sweep", "study",
    ],
}
# The crates that may depend on Burn, directly or through another one.
BURN = ["model", "metrics", "engine", "lab", "experiments", "cli", "python", "tests"]
# The largest share of lines that a room may have.
MOST = 0.25

ITEMS = {"struct", "enum", "union", "trait", "type", "fn", "const", "static"}
CALLABLE = re.compile(r"[A-Za-z_]\w*")


# --- Text -----------------------------------------------------------------------------------


def strip(text):
    """The text without comments and without what is inside strings, on the same lines."""
    # Paths in strings that serde reads as code.
    text = re.sub(r'\b((?:de)?serialize_with|with)\s*=\s*"([\w:]+)"', r"\1 = \2", text)
    out, i, size = [], 0, len(text)
    raw = re.compile(r'(?:b|c)?r(#*)"')
    plain = re.compile(r'(?:b|c)?"')
    char = re.compile(r"b?'(?:[^'\\\n]|\\(?:x[0-9A-Fa-f]{2}|u\{[^}]*\}|.))'")

    def blank(start, end):
        out.append(" " + "\n" * text.count("\n", start, end))

    while i < size:
        at_word = i == 0 or not (text[i - 1].isalnum() or text[i - 1] == "_")
        if text.startswith("//", i):
            end = text.find("\n", i)
            end = size if end < 0 else end
            blank(i, end)
        elif text.startswith("/*", i):
            depth, end = 1, i + 2
            while end < size and depth:
                if text.startswith("/*", end):
                    depth, end = depth + 1, end + 2
                elif text.startswith("*/", end):
                    depth, end = depth - 1, end + 2
                else:
                    end += 1
            blank(i, end)
        elif at_word and (match := raw.match(text, i)):
            close = '"' + match.group(1)
            end = text.find(close, match.end())
            end = size if end < 0 else end + len(close)
            out.append('"')
            blank(i, end)
            out.append('"')
        elif (at_word or text[i] == '"') and (match := plain.match(text, i)):
            end = match.end()
            while end < size and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            end = min(end + 1, size)
            out.append('"')
            blank(i, end)
            out.append('"')
        elif (at_word or text[i] == "'") and (match := char.match(text, i)):
            end = match.end()
            out.append("0")
        else:
            out.append(text[i])
            end = i + 1
        i = end
    return "".join(out)


TOKEN = re.compile(r"\s*(?:(r#)?([A-Za-z_]\w*)|(::|->|=>|'[A-Za-z_]\w*)|(\d[\w.]*)|(\S))")


def tokens(text):
    """Words and marks with their lines."""
    found, line, last = [], 1, 0
    for match in TOKEN.finditer(strip(text)):
        start = match.start(match.lastindex)
        line += match.string.count("\n", last, start)
        last = start
        found.append((match.group(match.lastindex), line))
    return found


def is_word(token):
    return bool(CALLABLE.fullmatch(token))


def closing(words, i):
    """The place of the bracket that closes the one at `i`."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    stack = []
    while i < len(words):
        token = words[i][0]
        if token in pairs:
            stack.append(pairs[token])
        elif stack and token == stack[-1]:
            stack.pop()
            if not stack:
                return i
        i += 1
    return len(words) - 1


# --- Modules --------------------------------------------------------------------------------


class Module:
    """A module: where it is written, what it defines and what it imports."""

    def __init__(self, name, file, folder, parent):
        self.name, self.file, self.folder, self.parent = name, file, folder, parent
        self.children = {}
        self.defined = {}  # name -> file
        self.imports = {}  # name -> [path]
        self.globs = []  # [path]
        self.paths = []  # (path, line, text of the use or None)
        self.words = {}  # word -> first line
        self.impls = []  # (type, {method: line}) of inherent impls
        self.calls = {}  # (type or None, method) -> first line

    def root(self):
        return self if self.parent is None else self.parent.root()

    def all(self):
        yield self
        for child in self.children.values():
            yield from child.all()


def read_module(module, words):
    """Fills a module from its tokens."""
    i, depth, size = 0, 0, len(words)
    while i < size:
        token, line = words[i]
        if token == "#" and i + 1 < size and words[i + 1][0] in "[!":
            start = i + 1 if words[i + 1][0] == "[" else i + 2
            end = closing(words, start)
            inside = [word for word, _ in words[start + 1 : end]]
            if words[i + 1][0] == "[" and is_test(inside):
                i = end_of_item(words, end + 1)
                continue
            read_plain(module, words, start, end)
            i = end + 1
        elif token == "pub" and i + 1 < size and words[i + 1][0] == "(":
            # A visibility, unless it is the parenthesis of a tuple.
            end = closing(words, i + 1)
            inside = [word for word, _ in words[i + 2 : end]]
            i = end + 1 if inside and inside[0] in ("crate", "super", "self", "in") else i + 1
        elif token == "use" and i + 1 < size and words[i + 1][0] != "<":
            end = i
            while end < size and words[end][0] != ";":
                end += 1
            read_use(module, words, i + 1, end, line)
            i = end + 1
        elif token == "mod" and i + 2 < size and is_word(words[i + 1][0]):
            name = words[i + 1][0]
            if words[i + 2][0] == ";":
                read_child(module, name)
                i += 3
            else:
                end = closing(words, i + 2)
                child = Module(name, module.file, module.folder / name, module)
                module.children[name] = child
                read_module(child, words[i + 3 : end])
                i = end + 1
        elif token == "impl" and depth == 0:
            i = read_impl(module, words, i)
        elif token == "macro_rules" and i + 2 < size:
            module.defined[words[i + 2][0]] = module.file
            i += 3
        else:
            if depth == 0 and token in ITEMS and i + 1 < size:
                name = words[i + 1][0]
                if is_word(name) and name not in ITEMS | {"unsafe", "async", "extern", "mut"}:
                    module.defined[name] = module.file
            if token in "{([":
                depth += 1
            elif token in "})]":
                depth -= 1
            i = read_token(module, words, i)


def read_plain(module, words, i, end):
    while i < end:
        i = read_token(module, words, i)


def read_token(module, words, i):
    """Notes a path, a word or a call at `i`; where to go on."""
    token, line = words[i]
    if not is_word(token):
        return i + 1
    before = words[i - 1][0] if i else ""
    path, j = [token], i
    while j + 2 < len(words) and words[j + 1][0] == "::" and is_word(words[j + 2][0]):
        path.append(words[j + 2][0])
        j += 2
    if before == ".":
        if j + 1 < len(words) and words[j + 1][0] in ("(", "::"):
            module.calls.setdefault((None, token), line)
    elif before != "::":
        module.words.setdefault(path[0], line)
        if len(path) > 1:
            module.paths.append((path, line, None))
            module.calls.setdefault((path[-2], path[-1]), line)
    return j + 1


def read_impl(module, words, i):
    """Reads an `impl` block; where to go on."""
    start = i
    depth = 0
    while i < len(words) and not (words[i][0] == "{" and depth == 0):
        if words[i][0] == ";":
            return i + 1
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(words[i][0], 0)
        i += 1
    header = [word for word, _ in words[start + 1 : i]]
    end = closing(words, i)
    inherent = "for" not in header
    kind, angle = None, 0
    for at, word in enumerate(header):
        if word == "where":
            break
        if word == "for":
            kind = None
            continue
        angle += {"<": 1, ">": -1}.get(word, 0)
        if angle == 0 and is_word(word) and (kind is None or header[at - 1] == "::"):
            kind = word
    if inherent:
        methods, level = {}, 0
        for at in range(i, end):
            level += {"{": 1, "}": -1}.get(words[at][0], 0)
            if level == 1 and words[at][0] == "fn":
                methods[words[at + 1][0]] = words[at + 1][1]
        module.impls.append((kind, methods, words[start][1]))
    read_plain(module, words, start, i)
    inner = Module("", module.file, module.folder, module.parent)
    # Attributes and uses in the block are read as in a module, its functions define nothing.
    read_module(inner, words[i + 1 : end])
    module.paths += inner.paths
    module.globs += inner.globs
    for name, paths in inner.imports.items():
        module.imports.setdefault(name, []).extend(paths)
    for word, line in inner.words.items():
        module.words.setdefault(word, line)
    for (on, name), line in inner.calls.items():
        module.calls.setdefault((kind if on == "Self" else on, name), line)
    return end + 1


def is_test(inside):
    """Whether an attribute keeps its item for tests: `test`, `cfg(test)`, `cfg(all(test, …))`."""
    if inside[:1] == ["test"]:
        return True
    if inside[:2] != ["cfg", "("]:
        return False
    rest = inside[2:-1]
    return rest == ["test"] or (rest[:2] == ["all", "("] and "test" in rest and "not" not in rest)


def end_of_item(words, i):
    """Where the item at `i` is over."""
    while i < len(words) and words[i][0] == "#":
        i = closing(words, i + 1) + 1
    to_semicolon = False
    start = i
    while i < len(words):
        token = words[i][0]
        if i == start or words[i - 1][0] in ("pub", ")"):
            to_semicolon |= token in ("use", "const", "static", "type", "let")
        if to_semicolon and token == "const" and words[i + 1][0] == "fn":
            to_semicolon = False
        if token == ";" or (token == "," and not to_semicolon):
            return i + 1
        if token in ("}", ")", "]"):
            return i
        if token in "{([":
            end = closing(words, i)
            if token == "{" and not to_semicolon:
                return end + 1
            i = end
        i += 1
    return i


def read_child(module, name):
    """Reads the file of a module declared here; no module of the workspace has a `#[path]`."""
    for file in (module.folder / f"{name}.rs", module.folder / name / "mod.rs"):
        if file.is_file():
            child = Module(name, file, module.folder / name, module)
            module.children[name] = child
            read_module(child, tokens(file.read_text(encoding="utf-8")))
            return


def read_use(module, words, i, end, line):
    text = " ".join(word for word, _ in words[i:end])
    text = "use " + re.sub(r" ?(::|[{}]) ?", r"\1", text).replace(" ,", ",").replace(",}", "}")

    def tree(i, prefix):
        path = list(prefix)
        while i < end:
            token = words[i][0]
            if token == "::":
                i += 1
            elif token == "{":
                close = closing(words, i)
                i += 1
                while i < close:
                    i = tree(i, path)
                    if i < close and words[i][0] == ",":
                        i += 1
                return close + 1
            elif token == "*":
                module.globs.append((path, line, text))
                return i + 1
            elif token == "as":
                leaf(path, words[i + 1][0], words[i][1])
                return i + 2
            elif token in (",", "}"):
                break
            else:
                path.append(token)
                i += 1
        if len(path) > len(prefix):
            leaf(path, None, words[i - 1][1])
        return i

    def leaf(path, name, at):
        if path[-1] == "self" and len(path) > 1:
            path = path[:-1]
        name = name or path[-1]
        module.imports.setdefault(name, []).append(path)
        module.paths.append((path, at, text))

    tree(i, [])


# --- Resolution -----------------------------------------------------------------------------


def lookup(module, name, seen):
    """What a name means in a module: modules and (file, name) of items."""
    found = []
    if name in module.children:
        found.append(module.children[name])
    if name in module.defined:
        found.append((module.defined[name], name))
    for path in module.imports.get(name, []):
        step = (id(module), name, *path)
        if step not in seen:
            found += resolve(module, path, seen | {step})
    if not found:
        for path, _, _ in module.globs:
            step = (id(module), name, *path, "*")
            targets = [] if step in seen else resolve(module, path, seen | {step})
            for target in targets:
                if isinstance(target, Module):
                    found += lookup(target, name, seen | {step})
    return found


def resolve(module, path, seen=frozenset()):
    """What a path means, seen from a module."""
    here, path = [module], list(path)
    if path[0] in ("crate", "$crate"):
        here, path = [module.root()], path[1:]
    else:
        while path and path[0] in ("self", "super"):
            step = path.pop(0)
            here = [at if step == "self" else at.parent for at in here]
            if None in here:
                return []
    for index, name in enumerate(path):
        found = []
        for at in here:
            found += lookup(at, name, seen)
        if index + 1 == len(path):
            return found
        modules = [target for target in found if isinstance(target, Module)]
        if not modules:
            # A variant or an associated item: of the type that the path has come to.
            return found
        here = modules
    return here


def arrows(root):
    """{(from, to): [(line, text)]} between the files of a crate."""
    found = {}

    def note(module, target, line, text):
        if target != module.file:
            found.setdefault((module.file, target), []).append((line, text))

    modules = list(root.all())
    methods = {}  # (file of the type, method) -> {(type, file of the impl)}
    for module in modules:
        for kind, names, _ in module.impls:
            for target in lookup(module, kind, frozenset()) if kind else []:
                if not isinstance(target, Module):
                    for name in names:
                        methods.setdefault((target[0], name), set()).add((kind, module.file))
    for module in modules:
        for path, line, text in module.paths:
            if text is None and module.parent is not None and path[0] == "Self":
                continue
            for target in resolve(module, path):
                if not isinstance(target, Module):
                    note(module, target[0], line, text or "::".join(path))
        for path, line, text in module.globs:
            for target in resolve(module, path):
                if isinstance(target, Module):
                    names = set(target.defined) | set(target.imports) | set(target.children)
                    for word in sorted(names & set(module.words) - set(module.defined)):
                        for item in lookup(target, word, frozenset()):
                            if not isinstance(item, Module):
                                note(module, item[0], module.words[word], f"{word} by {text}")
        for (on, name), line in module.calls.items():
            added = methods.get((module.file, name), set())
            if any(file == module.file and on in (None, kind) for kind, file in added):
                continue
            for kind, file in added:
                if on in (None, kind):
                    note(module, file, line, f"calls {name}, which an impl there adds to {kind}")
    return found


def components(graph):
    """Strongly connected components of more than one node."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on.add(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = []
            while True:
                other = stack.pop()
                on.discard(other)
                part.append(other)
                if other == node:
                    break
            if len(part) > 1:
                found.append(sorted(part, key=str))

    for node in sorted(graph, key=str):
        if node not in index:
            visit(node)
    return found


def ring(graph, part):
    """A shortest ring within a component."""
    best = None
    for start in part:
        before, queue = {start: None}, [start]
        for node in queue:
            for other in sorted(graph.get(node, ()), key=str):
                if other == start:
                    way = [start]
                    while node is not None:
                        way.append(node)
                        node = before[node]
                    way.reverse()
                    if best is None or len(way) < len(best):
                        best = way
                    break
                if other in part and other not in before:
                    before[other] = node
                    queue.append(other)
            else:
                continue
            break
    return best


# --- The three checks -----------------------------------------------------------------------


def crate_roots(source):
    """The roots of a crate: its library and its binaries."""
    files = [source / "lib.rs", source / "main.rs"]
    files += sorted(source.glob("bin/*.rs")) + sorted(source.glob("bin/*/main.rs"))
    for file in files:
        if file.is_file():
            yield file, Module("crate", file, file.parent, None)


def circles(top, only=None):
    """Lines about files that import each other."""
    sources = sorted(top.glob("crates/*/src")) + [top / "experiments/src"]
    said = []
    for source in sources:
        crate = source.parent.name
        if not source.is_dir() or (only and crate != only):
            continue
        for file, root in crate_roots(source):
            read_module(root, tokens(file.read_text(encoding="utf-8")))
            found = arrows(root)
            said += against_folders(crate, source, found)
            graph = {}
            for start, end in found:
                graph.setdefault(start, set()).add(end)

            def name(path, source=source):
                return path.relative_to(source).as_posix()

            for part in components(graph):
                way = ring(graph, part)
                said.append(f"{crate}: " + " -> ".join(name(file) for file in way))
                for (start, end), lines in sorted(found.items()):
                    if start in part and end in part:
                        # An import says it once for all paths that begin with its name.
                        uses = [pair for pair in lines if pair[1].startswith("use ")]
                        lines = uses or lines
                        first = {}
                        for line, text in sorted(set(lines)):
                            first.setdefault(text, line)
                        for text, line in first.items():
                            said.append(f"    {name(start)}:{line} -> {name(end)}: {text}")
    return said


def metadata(top):
    """{crate: (dependencies on crates, names of others, both of its tests)}."""
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    text = subprocess.run(command, cwd=top, check=True, capture_output=True, text=True).stdout
    crates = {}
    for package in json.loads(text)["packages"]:
        inner, outer, of_tests = set(), set(), set()
        for dependency in package["dependencies"]:
            path = dependency.get("path")
            name = pathlib.Path(path).name if path else dependency["name"]
            if dependency["kind"] == "dev":
                of_tests.add(name)
            else:
                (inner if path else outer).add(name)
        crates[pathlib.Path(package["manifest_path"]).parent.name] = (inner, outer, of_tests)
    return crates


def leaning_on_burn(lock):
    """Names of the packages of a Cargo.lock through which Burn is reached."""
    needs, name = {}, None
    for line in lock.splitlines():
        if match := re.match(r'name = "(.*)"', line):
            name = match.group(1)
            needs.setdefault(name, set())
        elif (match := re.match(r' "([^ "]+)', line)) and name:
            needs[name].add(match.group(1))
    burn = {name for name in needs if name == "burn" or name.startswith("burn-")}
    while True:
        more = {name for name, others in needs.items() if others & burn} - burn
        if not more:
            return burn
        burn |= more


def upward(crates, burn):
    """Lines about dependencies that do not point down."""
    said = []
    place = {name: at for at, name in enumerate(ORDER)}
    for crate, (inner, *_) in sorted(crates.items()):
        if crate not in place:
            said.append(f"{crate} has no place in ORDER")
            continue
        for other in sorted(inner):
            if place.get(other, -1) >= place[crate]:
                said.append(f"{crate} depends on {other}, which is not below it")
    on_burn = {crate for crate, (_, outer, *_) in crates.items() if outer & burn}
    while True:
        more = {crate for crate, (inner, *_) in crates.items() if inner & on_burn} - on_burn
        if not more:
            break
        on_burn |= more
    said += [f"{crate} depends on Burn" for crate in sorted(on_burn - set(BURN))]
    for crate, (_, _, *of_tests) in sorted(crates.items()):
        if crate not in BURN and of_tests and of_tests[0] & (burn | on_burn):
            said.append(f"the tests of {crate} depend on Burn")
    return said


def lines(top):
    """{room: lines of .rs files}."""
    rooms = sorted(path for path in top.glob("crates/*") if path.is_dir())
    others = [top / name for name in ("experiments", "python", "tests")]
    rooms += [path for path in others if path.is_dir()]
    counts = {}
    for room in rooms:
        files = [f for f in room.rglob("*.rs") if "target" not in f.relative_to(room).parts]
        if files:
            counts[room.name] = sum(file.read_bytes().count(b"\n") for file in files)
    return counts


def table(counts):
    """A markdown table of lines a room, largest first, and the rooms above MOST."""
    total = sum(counts.values())
    rows = ["| room | lines | share |", "|---|--:|--:|"]
    large = []
    for room, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        rows.append(f"| {room} | {count:,} | {100 * count / total:.1f} % |")
        if count > MOST * total:
            large.append(room)
    rows.append(f"| all | {total:,} | 100 % |")
    return rows, large


# --- The script itself ----------------------------------------------------------------------


def against_folders(crate, source, found):
    """Lines about imports that go up the list of a crate's modules."""
    order = FOLDERS.get(crate)
    if order is None:
        return []

    def module(file):
        return file.relative_to(source).with_suffix("").parts[0]

    said = []
    for (start, end), lines in sorted(found.items()):
        one, other = module(start), module(end)
        unknown = [name for name in (one, other) if name != "lib" and name not in order]
        said += [f"{crate}: {name} has no place in FOLDERS" for name in unknown]
        if "lib" in (one, other) or unknown or one == other:
            continue
        if order.index(other) > order.index(one):
            line = min(line for line, _ in lines)
            path = start.relative_to(source).as_posix()
            said.append(f"{crate}: {path}:{line} imports {other}, which is not below {one}")
    return said


def undeclared(top):
    """Lines about files that no module declares, so that nothing compiles them."""
    said = []
    for source in sorted(top.glob("crates/*/src")) + [top / "experiments/src"]:
        for file in sorted(source.rglob("*.rs")):
            if file.name in ("lib.rs", "main.rs") or file.parent == source / "bin":
                continue
            name, folder = file.stem, file.parent
            if file.name == "mod.rs":
                name, folder = folder.name, folder.parent
            parents = [folder / "mod.rs", folder / "lib.rs", folder / "main.rs"]
            parents += [folder.with_suffix(".rs"), *folder.glob("*.rs")]
            texts = [parent.read_text(encoding="utf-8") for parent in parents if parent.is_file()]
            declared = rf'\bmod {name}\b|"{re.escape(file.name)}"'
            if not any(re.search(declared, text) for text in texts):
                room = source.parent.name
                said.append(f"{room}: no module declares {file.relative_to(source).as_posix()}")
    return said


def tree(files, **options):
    """What `circles` says about a made-up crate `a`."""
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        for name, text in files.items():
            file = top / "crates/a/src" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return circles(top, **options) + undeclared(top)


def self_test():
    def rings(files):
        return [line for line in tree(files) if not line.startswith(" ")]

    def check(what, found, expected):
        if found != expected:
            sys.exit(f"self-test: {what}: {found}, not {expected}")

    lib = "mod x;\nmod y;\nmod z;\n"
    two = ["a: x.rs -> y.rs -> x.rs"]
    x = "use crate::y::Y;\npub struct X;\n"
    y = "use crate::x::X; pub struct Y;"
    check("two files", rings({"lib.rs": lib, "x.rs": x, "y.rs": y}), two)
    check(
        "a file of no module",
        rings({"lib.rs": "mod x;", "x.rs": "pub struct X;", "y.rs": "pub struct Y;"}),
        ["a: no module declares y.rs"],
    )
    check("one way", rings({"lib.rs": lib, "x.rs": x, "y.rs": "pub struct Y;"}), [])
    check(
        "a longer ring",
        rings({
            "lib.rs": lib,
            "x.rs": x,
            "y.rs": "pub struct Y; use super::z::{self, Z as Other};",
            "z.rs": "pub struct Z; fn f() { crate::x::X; }",
        }),
        ["a: x.rs -> y.rs -> z.rs -> x.rs"],
    )
    check(
        "re-exports lead to the file that defines",
        rings({
            "lib.rs": lib + "pub use x::X;\npub use self::y::*;\n",
            "x.rs": "use crate::Y;\npub struct X;\n",
            "y.rs": "use crate::{z::{Z}, X}; pub struct Y;",
            "z.rs": "pub struct Z;",
        }),
        two,
    )
    check(
        "inline paths through an imported module, and through a rename",
        rings({
            "lib.rs": lib,
            "x.rs": "use crate::y as other; pub struct X; fn f() { other::g() }",
            "y.rs": "use super::x; pub fn g() { let _ = x::X; }",
        }),
        two,
    )
    check(
        "comments, strings and tests do not count",
        rings({
            "lib.rs": lib,
            "x.rs": x,
            "y.rs": """pub struct Y; // crate::x::X
/* crate::x::X /* nested */ crate::x::X */
const A: &str = "crate::x::X \\" crate::x::X"; const B: &str = r#"crate::x::X"#;
const C: char = '"'; const D: &[u8] = b"crate::x::X"; fn f<'a>(_: &'a u8) -> char { '\\'' }
#[cfg(test)] use crate::x::X;
#[cfg(test)] mod tests { use crate::x::X; }
#[cfg(all(test, unix))] #[allow(unused)] fn g() { crate::x::X; }
impl Y { #[cfg(test)] fn h() { crate::x::X; } }
#[cfg(test)] mod more;""",
            "y/more.rs": "use crate::x::X;",
        }),
        [],
    )
    check(
        "after a test the file goes on",
        rings({
            "lib.rs": lib,
            "x.rs": x,
            "y.rs": "pub struct Y; #[cfg(test)] const T: [u8; 1] = [0]; use crate::x::X;",
        }),
        two,
    )
    parent = {"lib.rs": "mod p;", "p/mod.rs": "mod c;\npub use c::C;\npub struct P;\n"}
    check("declaring and re-exporting alone", rings({**parent, "p/c.rs": "pub struct C;"}), [])
    check(
        "a child that imports from its parent",
        rings({**parent, "p/c.rs": "use super::P; pub struct C;"}),
        ["a: p/c.rs -> p/mod.rs -> p/c.rs"],
    )
    check(
        "a child that imports all from its parent",
        rings({**parent, "p/c.rs": "use super::*; pub struct C(P);"}),
        ["a: p/c.rs -> p/mod.rs -> p/c.rs"],
    )
    check(
        "an inline module is of its file",
        rings({
            "lib.rs": "mod p; mod q { pub struct Q; use crate::p::P; }",
            "p.rs": "use crate::q::Q; pub struct P;",
        }),
        ["a: lib.rs -> p.rs -> lib.rs"],
    )
    flow = {
        "lib.rs": "mod flow;",
        "flow.rs": "mod start; pub struct Flow; impl Flow { fn a(&self) { self.b() } }",
    }
    check(
        "methods that a child adds and the parent calls",
        rings({
            **flow,
            "flow/start.rs": "use super::Flow; impl Flow { pub(in crate::flow) fn b(&self) {} }",
        }),
        ["a: flow.rs -> flow/start.rs -> flow.rs"],
    )
    check(
        "methods of one name on another type, and a field of that name",
        rings({
            "lib.rs": "mod flow;",
            "flow.rs": """mod start; struct Guard; pub struct Flow { b: u8 }
impl Flow { fn a(&self) { Guard::b(); self.b; } }""",
            "flow/start.rs": "use super::Flow; impl Flow { fn b(&self) {} }",
        }),
        [],
    )
    check(
        "methods that a child adds and others call",
        rings({**flow, "flow/start.rs": "use super::Flow; impl Flow { fn c(&self) {} }"}),
        [],
    )
    check(
        "a function and a module of one name",
        rings({
            "lib.rs": "mod x; mod y; pub use x::x; pub use y::y;",
            "x.rs": "use crate::y; pub fn x() { y() }",
            "y.rs": "use crate::x; pub fn y() { x::other() }",
        }),
        two,
    )

    crates = {
        "gram": ({"data", "scalar"}, {"faer"}),
        "data": (set(), {"ndarray"}),
        "scalar": (set(), set()),
    }
    burn = leaning_on_burn('name = "burn"\nname = "faer"\ndependencies = [\n "libm",\n]\n')
    check("arrows down", upward(crates, burn), [])
    up = {**crates, "data": ({"gram"}, set())}
    check("arrows up", upward(up, burn), ["data depends on gram, which is not below it"])
    check("unknown crates", upward({"new": (set(), set())}, burn), ["new has no place in ORDER"])
    heavy = {**crates, "model": (set(), {"burn"}), "plot": (set(), {"outer"})}
    names = "".join(f'name = "{name}"\n' for name in ("burn-core", "burn", "outer"))
    burn = leaning_on_burn(names + 'dependencies = [\n "burn 1.0",\n]\n')
    check("Burn through others", upward(heavy, burn), ["plot depends on Burn"])
    tested = {**crates, "plot": (set(), set(), {"outer"})}
    check("Burn in tests", upward(tested, burn), ["the tests of plot depend on Burn"])
    check("shares", table({"a": 25, "b": 75})[1], ["b"])
    print("self-test: passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crate", metavar="NAME", help="look at the files of one crate")
    parser.add_argument("--arrows", action="store_true", help="check dependencies between crates")
    parser.add_argument("--lines", action="store_true", help="count lines a room")
    parser.add_argument("--self-test", action="store_true", help="check this script")
    options = parser.parse_args()
    top = pathlib.Path(__file__).resolve().parents[2]
    sys.setrecursionlimit(10_000)
    if options.self_test:
        return self_test()
    failed = []
    if options.lines:
        rows, large = table(lines(top))
        print("\n".join(rows))
        failed += [f"{room} has more than {MOST:.0%} of the lines" for room in large]
    if options.arrows:
        lock = (top / "Cargo.lock").read_text(encoding="utf-8")
        failed += upward(metadata(top), leaning_on_burn(lock))
    if not (options.lines or options.arrows) or options.crate:
        failed += circles(top, options.crate)
        failed += undeclared(top)
    if failed:
        print("\n".join(failed))
        sys.exit(1)


if __name__ == "__main__":
    main()

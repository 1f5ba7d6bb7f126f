#!/usr/bin/env python3
"""Checks the links of all Markdown files of the repository; standard library only.

    python3 docs/check-links.py

A relative link must lead to a file that is there, and an anchor to a heading of that file. Pages of the
book (docs/) may link to files in docs/ only, and docs/SUMMARY.md must list every one of them once.
Links to the web are not followed. Prints what is wrong, and exits with 1 if anything is.
"""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "docs"
SUMMARY = BOOK / "SUMMARY.md"

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
INLINE = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]^][^\]]*\]:\s*<?(\S+?)>?(?:\s|$)")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
HTML_ANCHOR = re.compile(r"<a\s+(?:id|name)=\"([^\"]+)\"")
SCHEME = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*:")


def markdown_files():
    """Every Markdown file that git tracks, or would if it were added."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted({ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()})


def prose(path):
    """The lines of a file outside fenced code, with their numbers."""
    fence = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        mark = FENCE.match(line)
        if fence is None and mark:
            fence = mark[1]
        elif fence is not None:
            closes = mark and mark[1].startswith(fence) and not line.strip().strip(fence[0])
            fence = None if closes else fence
        else:
            yield number, line


def slug(heading):
    """The anchor that GitHub and mdBook give a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    kept = (
        "-" if character == " " else character
        for character in text.lower()
        if character in " -_" or unicodedata.category(character)[0] in "LN"
    )
    return "".join(kept)


def anchors(path, known={}):
    """The anchors of a file."""
    if path not in known:
        found = set()
        for _, line in prose(path):
            found.update(HTML_ANCHOR.findall(line))
            heading = HEADING.match(line)
            if heading:
                name = base = slug(heading[1])
                count = 0
                while name in found:
                    count += 1
                    name = f"{base}-{count}"
                found.add(name)
        known[path] = found
    return known[path]


def links(path):
    """The targets of the links and pictures of a file, with their lines."""
    for number, line in prose(path):
        text = re.sub(r"(`+)(?:.*?)\1", lambda code: "`" * len(code[0]), line)
        # A link's text may be code, so that targets are read from the line itself.
        for match in INLINE.finditer(line):
            start = match.start()
            if text[start : start + 1] != "`":
                yield number, match[1]
        reference = REFERENCE.match(line)
        if reference:
            yield number, reference[1]


def fault(path, target):
    """What is wrong with a link from `path`, if anything is."""
    if SCHEME.match(target) or target.startswith("//"):
        return None
    name, _, anchor = target.partition("#")
    file = (path.parent / unquote(name)).resolve() if name else path
    if not file.exists():
        return "there is no such file"
    if BOOK in path.parents and BOOK not in file.parents:
        return "a page of the book may not link to files outside docs/"
    if anchor and file.suffix == ".md" and unquote(anchor) not in anchors(file):
        return f"{file.relative_to(ROOT)} has no heading #{anchor}"
    return None


def main():
    faults = []
    files = markdown_files()
    count = 0
    for path in files:
        for number, target in links(path):
            count += 1
            wrong = fault(path, target)
            if wrong:
                faults.append(f"{path.relative_to(ROOT)}:{number}: {target}: {wrong}")
    listed = [(SUMMARY.parent / target).resolve() for _, target in links(SUMMARY)]
    pages = {path for path in files if BOOK in path.parents and path != SUMMARY}
    for page in sorted(pages.difference(listed)):
        faults.append(f"docs/SUMMARY.md: {page.relative_to(BOOK)} is not listed")
    for page in sorted({page for page in listed if listed.count(page) > 1}):
        faults.append(f"docs/SUMMARY.md: {page.relative_to(BOOK)} is listed more than once")
    for wrong in faults:
        print(wrong)
    print(f"{count} links in {len(files)} files, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

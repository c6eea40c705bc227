#!/usr/bin/python3
"""Reads every .vcf below a directory with vobject, the parser of khard and others.

usage: vcard-readers.py DIRECTORY

Fails (exit 1, a line a card on stderr) where a card does not parse, does not validate, lacks a name,
or does not say the same after vobject has written and read it again. Catches what a structural look
at the lines does not: parameters that a reader splits otherwise, folds that join words, base64 that
does not decode."""
import pathlib
import sys

import vobject


def properties(card):
    return sorted((line.name, str(line.params), str(line.value)) for line in card.getChildren())


def read(path):
    text = path.read_bytes().decode("utf-8")
    cards = list(vobject.readComponents(text))
    if len(cards) != 1:
        return f"{len(cards)} cards"
    card = cards[0]
    if card.version.value == "3.0":
        card.validate(raiseException=True)
    if not card.fn.value.strip():
        return "no name"
    if card.version.value == "3.0" and properties(vobject.readOne(card.serialize())) != properties(card):
        return "not the same when written again"
    return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    paths = sorted(pathlib.Path(sys.argv[1]).rglob("*.vcf"))
    faults = 0
    for path in paths:
        try:
            fault = read(path)
        except Exception as error:  # whatever the parser throws is this card's fault
            fault = f"{type(error).__name__}: {error}"
        if fault:
            faults += 1
            print(f"{path}: {fault}", file=sys.stderr)
    print(f"{len(paths) - faults} cards read, {faults} not")
    sys.exit(1 if faults or not paths else 0)


main()

"""A client whose every request and answer is held against the published schemas, where ../shared has them."""
import contextlib
import functools
import importlib.machinery
import importlib.util
import io
import os
import tempfile

from eas import Client
from harness import SHARED
from wbxml import E, read


def load():
    path = os.path.join(SHARED, "protocol", "validate")
    if not os.path.exists(path):
        return None
    loader = importlib.machinery.SourceFileLoader("validate", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("validate", loader))
    loader.exec_module(module)
    module.Schemas = functools.lru_cache(None)(module.Schemas)  # read once, not for each document
    module.load_pages = functools.lru_cache(None)(module.load_pages)
    return module


validate = load()


def check(data, version, *options):
    """Raises where a document is not valid in a version."""
    if not validate or not data:
        return
    with tempfile.NamedTemporaryFile() as file, contextlib.redirect_stdout(io.StringIO()) as said:
        file.write(data)
        file.flush()
        code = validate.main(["--version", version, "--wbxml", *options, file.name])
    if code != 0:
        raise AssertionError("not valid in %s: %s\n%r" % (version, said.getvalue(), read(data)))


class Checked(Client):
    strict = True  # False: the request is wrong on purpose

    def post(self, command, body, headers=(), version=None):
        if self.strict:
            check(body, version or self.version)
        answer = super().post(command, body, headers, version)
        # The schemas of answers are those of 14.0 and later.
        if self.strict and self.new and answer[:4] == b"\x03\x01\x6a\x00":
            check(answer, version or self.version, "--response")
        return answer

    @contextlib.contextmanager
    def wrong(self):
        """For requests that are wrong on purpose."""
        self.strict = False
        yield self
        self.strict = True


    @contextlib.contextmanager
    def unchecked(self):
        """For documents that the checker would take minutes over."""
        self.strict = None
        yield self
        self.strict = True


class Box:
    """One collection as a device keeps it: its key, and what it was told."""

    def __init__(self, client, ident, *options, supported=None, drain=True):
        self.client, self.ident, self.options = client, ident, options
        before = [E("Supported", *supported)] if supported is not None else []
        answer = client.sync(client.collection(ident, "0", *options, before=before))
        self.key = answer.text("Collections/Collection/SyncKey")
        self.items = {}
        if drain:
            self.pull()

    def take(self, collection):
        self.key = collection.text("SyncKey")
        for command in collection.all("Commands/Add") + collection.all("Commands/Change"):
            self.items[command.text("ServerId")] = command.one("ApplicationData")
        for command in collection.all("Commands/Delete") + collection.all("Commands/SoftDelete"):
            self.items.pop(command.text("ServerId"), None)

    def pull(self):
        """Brings it up to date; returns the commands that came, as (name, ServerId)."""
        came = []
        while True:
            answer = self.client.sync(self.client.collection(self.ident, self.key, *self.options))
            if answer is None:
                return came
            collection = answer.one("Collections/Collection")
            if collection.text("Status") != "1":
                raise AssertionError("Status %s" % collection.text("Status"))
            commands = collection.one("Commands")
            came += [(c.name, c.text("ServerId")) for c in (commands.children if commands else [])]
            self.take(collection)
            if not collection.one("MoreAvailable"):
                return came

    def send(self, *commands, key=None, options=(), take=True, before=(), get_changes="0"):
        """One request with commands; the Collection of the answer."""
        answer = self.client.sync(self.client.collection(self.ident, key or self.key, *(options or self.options),
                                                         commands=commands, get_changes=get_changes, before=before))
        collection = answer.one("Collections/Collection")
        if take and collection.text("Status") == "1":
            self.take(collection)
        return collection

    def add(self, *properties, client="c1", more=()):
        """Adds an item; (Status, ServerId or None)."""
        collection = self.send(E("Add", E("ClientId", client), E("ApplicationData", *properties), *more))
        row = collection.one("Responses/Add")
        return row.text("Status"), row.text("ServerId")

    def change(self, ident, *properties, instance=None, more=(), **how):
        """Changes one; its Status."""
        collection = self.send(E("Change", E("ServerId", ident),
                                 E("AirSyncBase:InstanceId", instance) if instance else None,
                                 E("ApplicationData", *properties) if properties else None, *more), **how)
        return collection.text("Responses/Change/Status", "1")

    def delete(self, *idents, instance=None, **how):
        collection = self.send(*[E("Delete", E("ServerId", i), E("AirSyncBase:InstanceId", instance)
                                   if instance else None) for i in idents], **how)
        return collection.text("Responses/Delete/Status", "1")

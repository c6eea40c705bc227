"""A small ActiveSync server that misbehaves on demand, for tests of the mounted file system.

Folders and items live in memory. Each folder is a log of changes and a SyncKey is a place in it
("EPOCH-PLACE"), so that a repeated key brings the same again. Every oddity is a field of OddServer
or of an Item, or one of two hooks: before(request) may answer in the server's place, after(request,
reply) may spoil an answer that is made. Bytes are handed over as OPAQUE, text as STR_I.
"""
import gzip
import http.server
import itertools
import struct
import threading
import time
import urllib.parse

import wbxml
from wbxml import E

INBOX, DRAFTS, DELETED, SENT, TASKS, CALENDAR, CONTACTS, NOTES, USER_MAIL = 2, 3, 4, 5, 7, 8, 9, 10, 12
USER_CALENDAR, USER_CONTACTS, USER_TASKS, USER_NOTES = 13, 14, 15, 17
NO_MAIL = {TASKS, CALENDAR, CONTACTS, NOTES, USER_CALENDAR, USER_CONTACTS, USER_TASKS, USER_NOTES}
WBXML_TYPE, PARTS_TYPE = "application/vnd.ms-sync.wbxml", "application/vnd.ms-sync.multipart"
PROVISION_KIND = "MS-EAS-Provisioning-WBXML"


class Item:
    """mime: of mail. data: the other properties, elements or a function that makes them."""

    def __init__(self, ident, data, mime=None):
        self.id, self.data, self.mime = ident, data, mime
        self.poison = False      # no answer can hold its body
        self.unspeakable = False # nor any of its properties
        self.fails = None        # an HTTP code: the answer to any ItemOperations that names it
        self.given = 0           # how often its body went out


class Folder:
    def __init__(self, ident, parent, name, kind):
        self.id, self.parent, self.name, self.kind = ident, parent, name, kind
        self.items, self.log, self.epoch = {}, [], 1
        self.status = []   # statuses to answer with, one a question, instead of an answer
        self.item_id = itertools.count(1)

    @property
    def mail(self):
        return self.kind not in NO_MAIL


class Request:
    def __init__(self, command, root, headers, body, number):
        self.command, self.root, self.headers, self.body, self.number = command, root, headers, body, number


class Reply:
    """code, headers and body as they go out; chunks (an iterator) instead of a body streams without a
    length; cut: the connection ends after so many bytes of the body; drop: it ends without a word; hang:
    nobody answers."""

    def __init__(self, code=200, body=b"", kind=WBXML_TYPE, **headers):
        self.code, self.body, self.kind, self.headers = code, body, kind, headers
        self.cut, self.chunks, self.hang, self.drop = None, None, False, False


def document(root):
    return Reply(body=wbxml.write(root))


class OddServer:
    def __init__(self):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.folders, self.hierarchy, self.folder_id = {}, 1, itertools.count(1)
        self.oldest = 0  # hierarchy keys before it are dead
        self.before = self.after = None
        self.requests = []
        self.versions = "12.1,14.0,14.1"
        self.commands = ("Sync,FolderSync,GetItemEstimate,ItemOperations,Provision,Settings,Ping,SendMail,MoveItems")
        # the ways of this server
        self.new_folder_ids = False       # FolderSync 0 deals out other ids
        self.provision = None             # "449" or "142": what it says to a device without a policy key
        self.silent = set()               # "collection", "key": what is wrong is answered by an empty 200
        self.mute = set()                 # folders that are answered so whatever is asked
        self.poison = "empty"             # or an HTTP code
        self.no_parts = False             # ItemOperations without multipart
        self.parts_from = 1
        self.wire_mime = lambda item: item.mime
        self.text_bodies = False          # bodies as STR_I
        self.size = len                   # EstimatedDataSize of the bytes; None: left out
        self.ignores_truncation = False
        self.never_inline = False         # Sync never holds a body
        self.ignores_window = False       # Sync holds everything at once
        self.estimate = lambda waiting: waiting
        self.policy_keys = {"1": "2"}
        self.stopping = False

    # ---- what it holds ----

    def folder(self, name, kind=USER_MAIL, parent="0", ident=None):
        with self.lock:
            folder = Folder(ident or "f%d" % next(self.folder_id), parent, name, kind)
            self.folders[folder.id] = folder
            self.hierarchy += 1
            self.changed.notify_all()
            return folder

    def find(self, name):
        return next(f for f in self.folders.values() if f.name == name)

    def put(self, folder, item, kind="Add"):
        with self.lock:
            folder.items[item.id] = item
            folder.log.append((kind, item.id, item))
            self.changed.notify_all()
            return item

    def mail(self, folder, mime, subject=None, ident=None, **properties):
        """A message; its properties by Email tag, DateReceived None leaves it out."""
        ident = ident or "%s:%d" % (folder.id, next(folder.item_id))
        words = {"From": "Alice Smith <alice@example.test>", "Subject": subject,
                 "DateReceived": "2026-11-02T09:15:33.000Z", "Read": "0", **properties}
        data = [E("Email:" + tag, value) for tag, value in words.items() if value is not None]
        return self.put(folder, Item(ident, data, mime))

    def item(self, folder, *data, ident=None):
        return self.put(folder, Item(ident or "%s:%d" % (folder.id, next(folder.item_id)), list(data)))

    def remove(self, folder, item, kind="Delete"):
        with self.lock:
            folder.items.pop(item.id, None)
            folder.log.append((kind, item.id, item))
            self.changed.notify_all()

    def say(self, folder, kind, ident, data=None, mime=None):
        """A command in the log that no item stands behind."""
        with self.lock:
            folder.log.append((kind, ident, Item(ident, data, mime)))
            self.changed.notify_all()

    def forget(self, folder, renumber=False):
        """The folder's keys are dead; with renumber its items get other ids."""
        with self.lock:
            folder.epoch += 1
            items = list(folder.items.values())
            if renumber:
                for item in items:
                    item.id = "%s:%d" % (folder.id, 1000 * folder.epoch + next(folder.item_id))
            folder.items = {item.id: item for item in items}
            folder.log = [("Add", item.id, item) for item in items]

    def renumber_folders(self):
        with self.lock:
            old = list(self.folders.values())
            ids = {f.id: "n%d" % next(self.folder_id) for f in old}
            for folder in old:
                folder.id, folder.parent = ids[folder.id], ids.get(folder.parent, folder.parent)
                folder.epoch += 1
                folder.log = [("Add", item.id, item) for item in folder.items.values()]
            self.folders = {f.id: f for f in old}
            self.hierarchy += 1
            self.oldest = self.hierarchy

    # ---- commands ----

    def answer(self, request):
        if self.provision and request.command not in ("Provision", "OPTIONS", "Ping") and \
                request.headers.get("X-MS-PolicyKey", "0") not in self.policy_keys.values():
            return self.wants_policy(request)
        do = getattr(self, "do_" + request.command, None)
        return do(request) if do else Reply(501)

    def wants_policy(self, request):
        if self.provision == "449":
            return Reply(449)
        space = {"FolderSync": "FolderHierarchy", "Sync": "AirSync"}.get(request.command, request.command)
        return document(E("%s:%s" % (space, request.command), E("Status", "142")))

    def do_Provision(self, request):
        key = request.root.text("Policies/Policy/PolicyKey")
        data = None if key else E("Data", E("EASProvisionDoc", E("DevicePasswordEnabled", "0")))
        return document(E("Provision:Provision", E("Status", "1"), E("Policies", E(
            "Policy", E("PolicyType", PROVISION_KIND), E("Status", "1"),
            E("PolicyKey", self.policy_keys.get(key, "1")), data))))

    def do_Settings(self, request):
        out = [E("Status", "1")]
        if request.root.one("DeviceInformation"):
            out.append(E("DeviceInformation", E("Status", "1")))
        if request.root.one("UserInformation"):
            out.append(E("UserInformation", E("Status", "1"), E("Get", E("EmailAddresses", E(
                "SMTPAddress", "bob@example.test")))))
        return document(E("Settings:Settings", *out))

    def do_FolderSync(self, request):
        key, now = request.root.text("SyncKey"), "h%d" % self.hierarchy
        if key != "0" and not (key[:1] == "h" and self.oldest <= int(key[1:]) <= self.hierarchy):
            return document(E("FolderHierarchy:FolderSync", E("Status", "9")))
        if key == "0" and self.new_folder_ids:
            self.renumber_folders()
            now = "h%d" % self.hierarchy
        adds = [] if key == now else [
            E("Add", E("ServerId", f.id), E("ParentId", f.parent), E("DisplayName", f.name), E("Type", str(f.kind)))
            for f in self.folders.values()]
        return document(E("FolderHierarchy:FolderSync", E("Status", "1"), E("SyncKey", now),
                          E("Changes", E("Count", str(len(adds))), *adds)))

    def do_GetItemEstimate(self, request):
        out = []
        for asked in request.root.all("Collections/Collection"):
            folder = self.folders.get(asked.text("CollectionId"))
            place = self.place(folder, asked.text("SyncKey")) if folder else None
            status = "2" if not folder else "4" if place is None else "1"
            out.append(E("Response", E("Status", status), E("Collection", E("CollectionId", asked.text("CollectionId")), E(
                "Estimate", str(self.estimate(len(folder.log) - place)) if status == "1" else "0"))))
        return document(E("GetItemEstimate:GetItemEstimate", *out))

    def place(self, folder, key):
        """Where in its log a key stands; None for a bad one."""
        epoch, _, place = key.partition("-")
        good = epoch == "%s.%d" % (folder.id, folder.epoch) and place.isdigit() and int(place) <= len(folder.log)
        return int(place) if good else None

    def do_Sync(self, request):
        out = []
        for asked in request.root.all("Collections/Collection"):
            answered = self.sync_collection(asked)
            if isinstance(answered, Reply):
                return answered
            if answered is not None:
                out.append(answered)
        return document(E("AirSync:Sync", E("Collections", *out))) if out else Reply()

    def sync_collection(self, asked):
        ident, key = asked.text("CollectionId"), asked.text("SyncKey")
        folder = self.folders.get(ident)
        if not folder:
            return None if "collection" in self.silent else self.collection(ident, key, "8")
        if folder.name in self.mute:
            return None
        if folder.status:
            return self.collection(ident, key, folder.status.pop(0))
        if key == "0":
            return self.collection(ident, "%s.%d-0" % (folder.id, folder.epoch), "1")
        place = self.place(folder, key)
        if place is None:
            return None if "key" in self.silent else self.collection(ident, "0", "3")
        window = len(folder.log) if self.ignores_window else min(int(asked.text("WindowSize", "100")), 512)
        rows = folder.log[place:place + window]
        if not rows:
            return None
        limit = int(asked.text("Options/AirSyncBase:BodyPreference/TruncationSize", "1000000000"))
        commands = []
        for kind, ident_then, item in rows:
            if item.unspeakable or item.poison and kind == "Add" and (limit or self.ignores_truncation):
                return Reply() if self.poison == "empty" else Reply(int(self.poison))
            commands.append(self.command(folder, kind, ident_then, item, limit))
        after = place + len(rows)
        return self.collection(ident, "%s.%d-%d" % (folder.id, folder.epoch, after), "1", *(
            [E("MoreAvailable")] if after < len(folder.log) else []), E("Commands", *commands))

    @staticmethod
    def collection(ident, key, status, *more):
        return E("Collection", E("SyncKey", key), E("CollectionId", ident), E("Status", status), *more)

    def command(self, folder, kind, ident, item, limit):
        if kind in ("Delete", "SoftDelete"):
            return E("AirSync:" + kind, E("ServerId", ident))
        data = list(item.data or [])
        if kind == "Whole":
            kind = "Change"
        elif kind == "Change":
            return E("AirSync:Change", E("ServerId", ident), E("ApplicationData", *data))
        if folder.mail and item.mime is not None:
            data.append(self.body(item, limit))
        return E("AirSync:" + kind, E("ServerId", ident), E("ApplicationData", *data))

    def body(self, item, limit):
        """The AirSyncBase Body of mail, whole or announced."""
        mime = self.wire_mime(item)
        whole = not self.never_inline and (self.ignores_truncation or len(mime) <= limit)
        size = self.size(mime) if self.size else None
        item.given += whole
        return E("AirSyncBase:Body", E("Type", "4"), E("EstimatedDataSize", str(size)) if size is not None else None,
                 None if whole else E("Truncated", "1"),
                 E("Data", mime.decode("utf-8", "surrogateescape") if self.text_bodies else mime) if whole else None)

    def do_ItemOperations(self, request):
        asked, out, parts = request.root.all("Fetch"), [], []
        multipart = request.headers.get("MS-ASAcceptMultiPart") == "T" and not self.no_parts
        for fetch in asked:
            folder = self.folders.get(fetch.text("AirSync:CollectionId"))
            item = folder and folder.items.get(fetch.text("AirSync:ServerId"))
            ids = [E("AirSync:CollectionId", fetch.text("AirSync:CollectionId")),
                   E("AirSync:ServerId", fetch.text("AirSync:ServerId"))]
            if item and item.fails:
                return Reply(item.fails)
            if item and item.poison:
                return Reply() if self.poison == "empty" else Reply(int(self.poison))
            if not item:
                out.append(E("ItemOperations:Fetch", E("Status", "6"), *ids))
                continue
            mime = self.wire_mime(item)
            item.given += 1
            size = self.size(mime) if self.size else None
            body = [E("AirSyncBase:Type", "4"),
                    E("AirSyncBase:EstimatedDataSize", str(size)) if size is not None else None]
            if multipart:
                body.append(E("ItemOperations:Part", str(self.parts_from + len(parts))))
                parts.append(mime)
            else:
                body.append(E("AirSyncBase:Data", mime.decode("utf-8", "surrogateescape") if self.text_bodies else mime))
            out.append(E("ItemOperations:Fetch", E("Status", "1"), *ids, E("AirSync:Class", "Email"), E(
                "Properties", E("AirSyncBase:Body", *body))))
        root = wbxml.write(E("ItemOperations:ItemOperations", E("Status", "1"), E("Response", *out)))
        return multiparts(root, parts) if multipart else Reply(body=root)

    def do_Ping(self, request):
        """Waits for a change that the last keys do not know, as long as a test may last."""
        with self.lock:
            now = {f.id: len(f.log) for f in self.folders.values()}
            until = time.monotonic() + 60
            while not self.stopping and time.monotonic() < until:
                moved = [f.id for f in self.folders.values() if len(f.log) != now.get(f.id)]
                if moved:
                    return document(E("Ping:Ping", E("Status", "2"), E("Folders", *[E("Folder", i) for i in moved])))
                self.changed.wait(1)
        return document(E("Ping:Ping", E("Status", "1")))

    # ---- HTTP ----

    def serve(self, request):
        """The reply to a request: hooks first and last, one request at a time but Ping."""
        self.requests.append(request)
        reply = self.before(request) if self.before else None
        if reply is None and request.command == "OPTIONS":
            reply = Reply(kind=None, **{"MS-ASProtocolVersions": self.versions, "MS-ASProtocolCommands": self.commands})
        if reply is None and request.command == "Ping":
            reply = self.answer(request)
        if reply is None:
            with self.lock:
                reply = self.answer(request)
        return self.after(request, reply) or reply if self.after else reply

    def asked(self, command):
        return [r for r in self.requests if r.command == command]

    def __enter__(self):
        odd = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def log_message(self, *_):
                pass

            def do_OPTIONS(self):
                self.respond(odd.serve(Request("OPTIONS", None, self.headers, b"", len(odd.requests))))

            def do_POST(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                root = wbxml.read(body) if body else None
                self.respond(odd.serve(Request(query.get("Cmd", [""])[0], root, self.headers, body, len(odd.requests))))

            def respond(self, reply):
                while reply.hang and not odd.stopping:
                    time.sleep(0.1)
                if reply.hang or reply.drop:
                    self.close_connection = True
                    return
                body = reply.body
                headers = {"MS-Server-ActiveSync": "14.1", **reply.headers}
                if body or reply.chunks:
                    headers["Content-Type"] = reply.kind
                self.send_response(reply.code)
                for name, value in headers.items():
                    if value is not None:
                        self.send_header(name.replace("_", "-"), value)
                if reply.chunks is None:
                    self.send_header("Content-Length", str(len(body)))
                else:
                    self.send_header("Connection", "close")
                self.end_headers()
                try:
                    for chunk in reply.chunks if reply.chunks is not None else [body[:reply.cut]]:
                        self.wfile.write(chunk)
                    self.wfile.flush()
                except OSError:
                    self.close_connection = True
                if reply.cut is not None or reply.chunks is not None:
                    self.close_connection = True

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass

        self.http = Server(("127.0.0.1", 0), Handler)
        self.port = self.http.server_address[1]
        self.url = "http://127.0.0.1:%d/Microsoft-Server-ActiveSync" % self.port
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        with self.lock:
            self.stopping = True
            self.changed.notify_all()
        self.http.shutdown()
        self.http.server_close()


def multiparts(root, parts):
    """Documents and bodies as MS-ASCMD 2.2.2.10.1 lays them out."""
    blocks = [root, *parts]
    at, table = 4 + 8 * len(blocks), b""
    for block in blocks:
        table += struct.pack("<II", at, len(block))
        at += len(block)
    return Reply(body=struct.pack("<I", len(blocks)) + table + b"".join(blocks), kind=PARTS_TYPE)


def zipped(reply):
    reply.body = gzip.compress(reply.body)
    reply.headers["Content-Encoding"] = "gzip"
    return reply
